import type { Construct } from 'constructs';
import type { StageConfig } from '../config/stages';
import { AslMachine } from '../constructs/asl-machine';
import type { PlatformFunction } from '../constructs/platform-function';
import { MACHINE_NAME } from '../constructs/platform-names';

export interface OnboardingMachineProps {
  readonly config: StageConfig;
  /** The contract's steps. */
  readonly functions: readonly PlatformFunction[];
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
