import { Stack, type StackProps } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { IManagedPolicy, IRole } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { StageOutputsSchema } from '../../functions/contract/outputs';
import { watchedWorkflows, workflowNamed } from '../../functions/contract/workflows';
import type { StageConfig } from '../config/stages';
import { asInterface } from '../constructs/cdk-interface';
import { platformArns } from '../constructs/platform-names';
import { declareResourceNames } from '../constructs/resource-names';
import { declareOutputs } from '../constructs/stack-outputs';
import type { EvidenceBucket } from '../foundation/evidence-bucket';
import type { NamesZone } from '../foundation/names-zone';
import { AlarmEvents } from './alarm-events';
import { AuditAlarms } from './audit-alarms';
import { BreakGlass } from './break-glass';
import { ControlPlaneAlarms } from './control-plane-alarms';
import { DeploymentEvents } from './deployment-events';
import { EventRegistry } from './event-registry';
import { platformFunctions } from './functions/functions';
import { Machines } from './machines';
import { MigrationAlarms } from './migration-alarms';
import { Operators } from './operators';
import { ReleaseAlarms } from './release-alarms';
import { RotationAlarm } from './rotation-alarm';
import { RunEvents } from './run-events';
import { SavedQueries } from './saved-queries';
import { auditDaily, Schedules } from './schedules';
import { PlatformBus, SignupIntake } from './signup-intake';
import { StackEvents } from './stack-events';
import { TenantStackRole } from './stack-role/stack-role';
import { StageDashboard } from './stage-dashboard';
import { TenantTemplates } from './tenant-templates';
import { UnmatchedEvents } from './unmatched-events';

export interface ControlPlaneStackProps extends StackProps {
  readonly config: StageConfig;
  readonly table: ITable;
  readonly acts: ITable;
  readonly topic: ITopic;
  readonly boundary: IManagedPolicy;
  readonly evidence: EvidenceBucket;
  readonly names: NamesZone | undefined;
}

/**
 * The onboarding and the other workflows: bus, state machines, functions, and what watches them.
 */
export class ControlPlaneStack extends Stack {
  /** Roles of functions that a tenant's role trusts. */
  readonly trustedRoles: readonly IRole[];
  /** The custom resource of a cell's stack calls this function for the cell's live colour. */
  readonly seedCell: IFunction;
  /** The custom resource of a cell's stack calls this function for the first task definitions. */
  readonly seedTasks: IFunction;
  /** The custom resource of a cell's stack calls this function for the page of ring 0. */
  readonly seedRingZero: IFunction;
  readonly seedRingZeroRole: IRole;

  constructor(scope: Construct, id: string, props: ControlPlaneStackProps) {
    super(scope, id, props);
    const { config, table, acts, topic, boundary, evidence, names } = props;
    const { bus } = new PlatformBus(this, 'Bus', { billingAccountId: config.billingAccountId });
    new EventRegistry(this, 'EventRegistry');
    const templates = new TenantTemplates(this, 'TenantTemplates');
    const made = platformFunctions(this, {
      config,
      table,
      acts,
      topic,
      boundary,
      evidence,
      names,
      bus,
      arns: platformArns(this),
      stackRole: new TenantStackRole(this, 'TenantStackRole', { boundary }).role,
      templates,
    });
    const {
      all,
      launchStack,
      stackSettled,
      deploymentSettled,
      alarmRaised,
      keepCells,
      retryMove,
      watchdog,
      sweep,
      orphans,
      audit,
      planMigration,
      restoreDatabase,
      rotateMasterSecret,
    } = made;
    this.trustedRoles = made.trustedRoles;
    this.seedCell = asInterface<IFunction>(made.seedCell.lambda);
    this.seedTasks = asInterface<IFunction>(made.seedTasks.lambda);
    this.seedRingZero = asInterface<IFunction>(made.seedRingZero.lambda);
    this.seedRingZeroRole = made.seedRingZero.role;
    const machines = new Machines(this, { config, functions: all });
    const onboarding = machines.named(workflowNamed('TenantOnboarding'));
    const { machine } = onboarding;
    const release = machines.named(workflowNamed('TenantRelease'));
    const migration = machines.named(workflowNamed('TenantMigration'));
    const isolationAudit = machines.named(workflowNamed('TenantIsolationAudit'));
    const intake = new SignupIntake(this, 'SignupIntake', { bus, machine });
    const unmatched = new UnmatchedEvents(this, 'UnmatchedEvents', { bus });
    const breakGlass = new BreakGlass(this, 'BreakGlass');
    new StackEvents(this, 'StackEvents', { stackSettled });
    new DeploymentEvents(this, 'DeploymentEvents', { deploymentSettled });
    new AlarmEvents(this, 'AlarmEvents', { alarmRaised });
    new RunEvents(this, 'RunEvents', {
      machines: watchedWorkflows().map((workflow) => machines.named(workflow).machine),
      watchdog,
    });
    new Schedules(this, 'Sweeping', { sweep, orphans, keepCells });
    new ControlPlaneAlarms(this, 'Alarms', {
      config,
      topic,
      machine,
      stackSettled,
      watchdog,
      undeliveredSignups: intake.undelivered,
      unmatched,
      breakGlass,
    });

    new ReleaseAlarms(this, 'ReleaseAlarms', {
      config,
      topic,
      machine: release.machine,
      deploymentSettled,
      alarmRaised,
      keepCells,
    });

    new MigrationAlarms(this, 'MigrationAlarms', { config, topic, machine: migration.machine });
    new RotationAlarm(this, 'RotationAlarm', { config, topic, rotateMasterSecret });

    const operators = new Operators(this, 'Operators', {
      config,
      table,
      acts,
      evidence,
      queues: [intake.undelivered, unmatched.queue, stackSettled.undelivered, watchdog.undelivered, breakGlass.uses],
      undeliveredSignups: intake.undelivered,
      launchStack,
      templates,
      called: { ...audit, planMigration, retryMove, restoreDatabase },
    });

    auditDaily(isolationAudit);
    new AuditAlarms(this, 'AuditAlarms', { config, topic, machine: isolationAudit.machine });

    const functions = [...all, operators.performAct];
    const { queries } = new SavedQueries(this, 'SavedQueries', { functions, onboardings: onboarding.logGroup });
    new StageDashboard(this, 'StageDashboard', {
      config,
      onboarding: machine,
      release: release.machine,
      functions,
      queues: {
        'undelivered signups': intake.undelivered,
        'unmatched events': unmatched.queue,
        'unmatched events, undelivered': unmatched.undelivered,
        'stack events': stackSettled.undelivered,
        'ends of runs': watchdog.undelivered,
        'ends of deployments': deploymentSettled.undelivered,
        'alarms of cells': alarmRaised.undelivered,
        'uses of break glass': breakGlass.uses,
        'uses of break glass, undelivered': breakGlass.undelivered,
      },
      queries,
    });

    declareOutputs(this, StageOutputsSchema, {
      domain: config.domain,
      eventBusName: bus.eventBusName,
      eventBusArn: bus.eventBusArn,
      stateMachineArn: machine.stateMachineArn,
      tenantsTableName: table.tableName,
      undeliveredSignupsUrl: intake.undelivered.queueUrl,
      undeliveredStackEventsUrl: stackSettled.undelivered.queueUrl,
      undeliveredRunEventsUrl: watchdog.undelivered.queueUrl,
      unmatchedEventsUrl: unmatched.queue.queueUrl,
      breakGlassUsesUrl: breakGlass.uses.queueUrl,
      sweepFunctionName: sweep.lambda.functionName,
      orphansFunctionName: orphans.lambda.functionName,
      alarmTopicArn: topic.topicArn,
      auditMachineArn: isolationAudit.machine.stateMachineArn,
      auditTenantFunctionName: audit.auditTenant.lambda.functionName,
      suspendTenantFunctionName: audit.suspendTenant.lambda.functionName,
      resumeTenantFunctionName: audit.resumeTenant.lambda.functionName,
      releaseMachineArn: release.machine.stateMachineArn,
      migrationMachineArn: migration.machine.stateMachineArn,
      keepCellsFunctionName: keepCells.lambda.functionName,
      evidenceBucketName: evidence.bucket.bucketName,
      actsTableName: acts.tableName,
      performActFunctionName: operators.performAct.lambda.functionName,
      readerPolicyArn: operators.reader.managedPolicyArn,
      operatorPolicyArn: operators.operator.managedPolicyArn,
    });
    declareResourceNames(this);
  }
}
