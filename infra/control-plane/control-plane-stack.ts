import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { IManagedPolicy, IRole } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { watchedWorkflows, workflowNamed } from '../../functions/contract/workflows';
import type { StageConfig } from '../config/stages';
import { asInterface } from '../constructs/cdk-interface';
import { platformArns } from '../constructs/platform-names';
import type { EvidenceBucket } from '../foundation/evidence-bucket';
import { AuditAlarms } from './audit-alarms';
import { ControlPlaneAlarms } from './control-plane-alarms';
import { EventRegistry } from './event-registry';
import { platformFunctions } from './functions/functions';
import { Machines } from './machines';
import { RunEvents } from './run-events';
import { auditDaily, Schedules } from './schedules';
import { PlatformBus, SignupIntake } from './signup-intake';
import { StackEvents } from './stack-events';
import { TenantStackRole } from './stack-role/stack-role';
import { TenantTemplates } from './tenant-templates';
import { UnmatchedEvents } from './unmatched-events';

export interface ControlPlaneStackProps extends StackProps {
  readonly config: StageConfig;
  readonly table: ITable;
  readonly topic: ITopic;
  readonly boundary: IManagedPolicy;
  readonly evidence: EvidenceBucket;
}

/** The saga: bus, state machine, functions, and what watches over them. */
export class ControlPlaneStack extends Stack {
  /** Roles of functions that a tenant's role trusts. */
  readonly trustedRoles: readonly IRole[];
  /** What a cell's stack calls to get its live colour. */
  readonly seedCell: IFunction;

  constructor(scope: Construct, id: string, props: ControlPlaneStackProps) {
    super(scope, id, props);
    const { config, table, topic, boundary, evidence } = props;
    const { bus } = new PlatformBus(this, 'Bus', { billingAccountId: config.billingAccountId });
    new EventRegistry(this, 'EventRegistry');
    const { all, stackSettled, watchdog, sweep, orphans, audit, trustedRoles, seedCell } = platformFunctions(this, {
      config,
      table,
      topic,
      boundary,
      evidence,
      bus,
      arns: platformArns(this),
      stackRole: new TenantStackRole(this, 'TenantStackRole', { boundary }).role,
      templates: new TenantTemplates(this, 'TenantTemplates'),
    });
    this.trustedRoles = trustedRoles;
    this.seedCell = asInterface<IFunction>(seedCell.lambda);
    const machines = new Machines(this, { config, functions: all });
    const { machine } = machines.named(workflowNamed('TenantOnboarding'));
    const isolationAudit = machines.named(workflowNamed('TenantIsolationAudit'));
    const intake = new SignupIntake(this, 'SignupIntake', { bus, machine });
    const unmatched = new UnmatchedEvents(this, 'UnmatchedEvents', { bus });
    new StackEvents(this, 'StackEvents', { stackSettled });
    new RunEvents(this, 'RunEvents', {
      machines: watchedWorkflows().map((workflow) => machines.named(workflow).machine),
      watchdog,
    });
    new Schedules(this, 'Sweeping', { sweep, orphans });
    new ControlPlaneAlarms(this, 'Alarms', {
      config,
      topic,
      machine,
      stackSettled,
      watchdog,
      undeliveredSignups: intake.undelivered,
      unmatchedEvents: unmatched.queue,
    });

    auditDaily(isolationAudit);
    new AuditAlarms(this, 'AuditAlarms', { topic, machine: isolationAudit.machine });

    new CfnOutput(this, 'EventBusName', { value: bus.eventBusName });
    new CfnOutput(this, 'EventBusArn', { value: bus.eventBusArn });
    new CfnOutput(this, 'StateMachineArn', { value: machine.stateMachineArn });
    new CfnOutput(this, 'TenantsTableName', { value: table.tableName });
    new CfnOutput(this, 'UndeliveredSignupsUrl', { value: intake.undelivered.queueUrl });
    new CfnOutput(this, 'UndeliveredStackEventsUrl', { value: stackSettled.undelivered.queueUrl });
    new CfnOutput(this, 'UndeliveredRunEventsUrl', { value: watchdog.undelivered.queueUrl });
    new CfnOutput(this, 'UnmatchedEventsUrl', { value: unmatched.queue.queueUrl });
    new CfnOutput(this, 'SweepFunctionName', { value: sweep.lambda.functionName });
    new CfnOutput(this, 'OrphansFunctionName', { value: orphans.lambda.functionName });
    new CfnOutput(this, 'AlarmTopicArn', { value: topic.topicArn });
    new CfnOutput(this, 'AuditMachineArn', { value: isolationAudit.machine.stateMachineArn });
    new CfnOutput(this, 'AuditTenantFunctionName', { value: audit.auditTenant.lambda.functionName });
    new CfnOutput(this, 'SuspendTenantFunctionName', { value: audit.suspendTenant.lambda.functionName });
    new CfnOutput(this, 'ResumeTenantFunctionName', { value: audit.resumeTenant.lambda.functionName });
    new CfnOutput(this, 'EvidenceBucketName', { value: evidence.bucket.bucketName });
    new CfnOutput(this, 'Domain', { value: config.domain });
  }
}
