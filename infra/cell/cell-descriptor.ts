import { Stack } from 'aws-cdk-lib';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import type { CellDescriptor as Descriptor } from '../../functions/contract/cell';
import { CELLS_PARAMETER_PATH } from '../../functions/contract/naming';

/** What the control plane learns of a cell, and how: ReserveTenant reads the parameter, so a new cell needs no release of it. */
export class CellDescriptor extends Construct {
  constructor(scope: Construct, id: string, descriptor: Descriptor) {
    super(scope, id);
    new StringParameter(this, 'Parameter', {
      parameterName: `${CELLS_PARAMETER_PATH}/${descriptor.name}`,
      description: `Cell ${descriptor.name} of the onboarding platform`,
      stringValue: Stack.of(this).toJsonString(descriptor),
    });
  }
}
