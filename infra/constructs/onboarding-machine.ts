import type { Construct } from 'constructs';
import type { StageConfig } from '../config/stages';
import { AslMachine } from './asl-machine';
import type { OnboardingFunction } from './onboarding-function';
import { MACHINE_NAME } from './platform-names';

export interface OnboardingMachineProps {
  readonly config: StageConfig;
  /** The contract's steps. */
  readonly functions: readonly OnboardingFunction[];
}

/** The saga. */
export class OnboardingMachine extends AslMachine {
  constructor(scope: Construct, id: string, { config, functions }: OnboardingMachineProps) {
    super(scope, id, {
      config,
      machineName: MACHINE_NAME,
      file: 'tenant-onboarding.asl.json',
      functions,
      substitutions: { OnFailure: config.onFailure },
    });
  }
}
