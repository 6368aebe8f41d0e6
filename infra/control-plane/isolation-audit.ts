import { Stack } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { SfnStateMachine } from 'aws-cdk-lib/aws-events-targets';
import type { Construct } from 'constructs';
import type { StageConfig } from '../config/stages';
import { AslMachine } from '../constructs/asl-machine';
import type { Grant } from '../constructs/grant';
import type { PlatformFunction } from '../constructs/platform-function';
import { AUDIT_MACHINE_NAME, platformArns } from '../constructs/platform-names';

export interface IsolationAuditProps {
  readonly config: StageConfig;
  /** Those that the machine's file calls. */
  readonly functions: readonly PlatformFunction[];
}

/** "IAM policies for using Distributed Map states": the machine runs a child of itself per tenant, and may redrive it. */
function runChildren(stack: Stack): Grant[] {
  const arns = platformArns(stack);
  const children = { resources: [arns.audits, arns.auditsOfTenants], wildcardBecause: 'Executions have random names.' };
  return [
    { actions: ['states:StartExecution'], resources: [arns.auditMachine] },
    { actions: ['states:DescribeExecution', 'states:StopExecution', 'states:RedriveExecution'], ...children },
  ];
}

/**
 * Verifies every ACTIVE tenant once a day, at the hour at which fewest visitors come. EventBridge tries a day long to start it;
 * that none came to its end is an alarm's to notice.
 */
export class IsolationAudit extends AslMachine {
  constructor(scope: Construct, id: string, { config, functions }: IsolationAuditProps) {
    super(scope, id, {
      config,
      machineName: AUDIT_MACHINE_NAME,
      file: 'tenant-isolation-audit.asl.json',
      functions,
      substitutions: { OnBreach: config.onBreach, AuditsAtOnce: String(config.auditsAtOnce) },
      grants: runChildren(Stack.of(scope)),
    });
    new Rule(this, 'Daily', {
      description: 'Every ACTIVE tenant is verified again',
      schedule: Schedule.cron({ hour: '3', minute: '0' }),
      targets: [new SfnStateMachine(this.machine)],
    });
  }
}
