import type { Construct } from 'constructs';
import { WORKFLOWS, type Workflow, type WorkflowName } from '../../functions/contract/workflows';
import type { StageConfig } from '../config/stages';
import { AslMachine } from '../constructs/asl-machine';
import type { PlatformFunction } from '../constructs/platform-function';

/**
 * Machines whose construct id is not their name. With a new id CloudFormation would replace them.
 */
const CONSTRUCT_IDS: Partial<Record<WorkflowName, string>> = {
  TenantOnboarding: 'Onboarding',
  TenantIsolationAudit: 'Audit',
};

/** Values of the stage for placeholders in the workflows' files. */
const settingsOf = ({ onFailure, onBreach, auditsAtOnce, migrationsAtOnce, release }: StageConfig) => ({
  OnFailure: onFailure,
  OnBreach: onBreach,
  AuditsAtOnce: String(auditsAtOnce),
  MigrationsAtOnce: String(migrationsAtOnce),
  BakeSeconds: String(release.bake.toSeconds()),
});

export interface MachinesProps {
  readonly config: StageConfig;
  /** All functions of the platform; each machine takes those that its workflow calls. */
  readonly functions: readonly PlatformFunction[];
}

/** The state machines of the platform: one for each row of the table of workflows. */
export class Machines {
  private readonly machines: ReadonlyMap<string, AslMachine>;

  constructor(scope: Construct, { config, functions }: MachinesProps) {
    const settings = settingsOf(config);
    this.machines = new Map(
      WORKFLOWS.map((workflow) => [
        workflow.name,
        new AslMachine(scope, CONSTRUCT_IDS[workflow.name] ?? workflow.name, { config, workflow, functions, settings }),
      ]),
    );
  }

  named({ name }: Pick<Workflow, 'name'>): AslMachine {
    const machine = this.machines.get(name);
    if (!machine) throw new Error(`no machine was made for the workflow ${name}`);
    return machine;
  }
}
