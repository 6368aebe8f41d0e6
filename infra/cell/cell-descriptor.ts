import { Stack } from 'aws-cdk-lib';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import type { CellDescriptor as Descriptor } from '../../functions/contract/cell';
import { CELLS_PARAMETER_PATH } from '../../functions/contract/naming';

/**
 * The SSM parameter in which ReserveTenant finds the cell. So a new cell needs no new release of
 * the control plane.
 */
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
