import { Stack } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { ManagedPolicy } from 'aws-cdk-lib/aws-iam';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { DAY_INDEX } from '../../functions/contract/act';
import { CHANGE_INDEX, STATE_INDEX } from '../../functions/contract/records';
import { WORKFLOWS, workflowNamed } from '../../functions/contract/workflows';
import { CONTROL_PLANE, cellStackName, DELIVERY } from '../config/stack-names';
import type { StageConfig } from '../config/stages';
import { type Grant, policyOf } from '../constructs/grant';
import { PlatformFunction } from '../constructs/platform-function';
import { platformArns } from '../constructs/platform-names';
import type { EvidenceBucket } from '../foundation/evidence-bucket';
import { dashboardGrants } from './dashboard-grants';
import { onCellItems, onNews } from './functions/context';
import type { TenantTemplates } from './tenant-templates';

export interface OperatorsProps {
  readonly config: StageConfig;
  readonly table: ITable;
  readonly acts: ITable;
  readonly evidence: EvidenceBucket;
  readonly queues: readonly Queue[];
  readonly undeliveredSignups: Queue;
  readonly launchStack: PlatformFunction;
  readonly templates: TenantTemplates;
  /** Functions that PerformAct calls. */
  readonly called: Readonly<
    Record<
      'auditTenant' | 'suspendTenant' | 'resumeTenant' | 'planMigration' | 'retryMove' | 'restoreDatabase',
      PlatformFunction
    >
  >;
}

const RANDOM_NAMES = 'Executions that EventBridge or a person starts have random names.';

/**
 * Policies for people. A reader sees everything that the command and the console show. An operator
 * may also invoke PerformAct, which performs an act and records who asked for it. No person
 * changes a tenant in another way. A stage's owner attaches the policies to people's roles or
 * permission sets.
 */
export class Operators extends Construct {
  readonly performAct: PlatformFunction;
  readonly reader: ManagedPolicy;
  readonly operator: ManagedPolicy;

  constructor(scope: Construct, id: string, props: OperatorsProps) {
    super(scope, id);
    this.performAct = performAct(scope, props);
    const reading = readerGrants(this, props);
    this.reader = new ManagedPolicy(this, 'Reader', {
      managedPolicyName: 'tenant-onboarding-reader',
      description: 'Shows tenants, runs, evidence, cells, queues and acts of the onboarding platform',
      document: policyOf(this, reading),
    });
    this.operator = new ManagedPolicy(this, 'Operator', {
      managedPolicyName: 'tenant-onboarding-operator',
      description: 'Reader, and every act of an operator by way of PerformAct, which records it',
      document: policyOf(this, [
        ...reading,
        { actions: ['lambda:InvokeFunction'], resources: [this.performAct.lambda.functionArn] },
      ]),
    });
  }
}

function performAct(scope: Construct, props: OperatorsProps): PlatformFunction {
  const { config, table, acts, undeliveredSignups, called } = props;
  const { auditTenant, suspendTenant, resumeTenant, planMigration, retryMove, restoreDatabase } = called;
  const arns = platformArns(Stack.of(scope));
  const onboarding = workflowNamed('TenantOnboarding');
  const release = workflowNamed('TenantRelease');
  const migration = workflowNamed('TenantMigration');
  return new PlatformFunction(scope, 'PerformAct', {
    config,
    environment: {
      TABLE_NAME: table.tableName,
      ACTS_TABLE_NAME: acts.tableName,
      ACCOUNT_ID: config.env.account,
      DOMAIN: config.domain,
      ONBOARDING_MACHINE_ARN: arns.machine(onboarding),
      RELEASE_MACHINE_ARN: arns.machine(release),
      MIGRATION_MACHINE_ARN: arns.machine(migration),
      UNDELIVERED_SIGNUPS_URL: undeliveredSignups.queueUrl,
      AUDIT_TENANT_FUNCTION: auditTenant.lambda.functionName,
      SUSPEND_TENANT_FUNCTION: suspendTenant.lambda.functionName,
      RESUME_TENANT_FUNCTION: resumeTenant.lambda.functionName,
      PLAN_MIGRATION_FUNCTION: planMigration.lambda.functionName,
      RETRY_MOVE_FUNCTION: retryMove.lambda.functionName,
      RESTORE_DATABASE_FUNCTION: restoreDatabase.lambda.functionName,
    },
    grants: [
      { actions: ['dynamodb:GetItem'], resources: [table.tableArn] },
      { actions: ['dynamodb:PutItem'], resources: [acts.tableArn] },
      onCellItems({ table }, 'UpdateItem'),
      onNews({ table }, 'acts'),
      { actions: ['states:StartExecution'], resources: [onboarding, release, migration].map(arns.machine) },
      { actions: ['states:SendTaskFailure', 'states:SendTaskSuccess'], resources: [arns.machine(release)] },
      {
        actions: ['states:DescribeExecution', 'states:RedriveExecution'],
        resources: [onboarding, release, migration].map(arns.executions),
        wildcardBecause: RANDOM_NAMES,
      },
      {
        actions: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:ChangeMessageVisibility'],
        resources: [undeliveredSignups.queueArn],
      },
      {
        actions: ['lambda:InvokeFunction'],
        resources: [auditTenant, suspendTenant, resumeTenant, planMigration, retryMove, restoreDatabase].map(
          ({ lambda }) => lambda.functionArn,
        ),
      },
    ],
  });
}

function readerGrants(
  scope: Construct,
  { table, acts, evidence, queues, launchStack, templates }: OperatorsProps,
): Grant[] {
  const stack = Stack.of(scope);
  const arns = platformArns(stack);
  return [
    { actions: ['dynamodb:GetItem'], resources: [table.tableArn] },
    {
      actions: ['dynamodb:Query'],
      resources: [
        table.tableArn,
        `${table.tableArn}/index/${STATE_INDEX}`,
        `${table.tableArn}/index/${CHANGE_INDEX}`,
        acts.tableArn,
        `${acts.tableArn}/index/${DAY_INDEX}`,
      ],
    },
    {
      actions: ['states:DescribeExecution', 'states:GetExecutionHistory', 'states:DescribeStateMachineForExecution'],
      resources: WORKFLOWS.map(arns.executions),
      wildcardBecause: RANDOM_NAMES,
    },
    { actions: ['states:DescribeStateMachine', 'states:ListExecutions'], resources: WORKFLOWS.map(arns.machine) },
    { actions: ['sqs:GetQueueAttributes'], resources: queues.map(({ queueArn }) => queueArn) },
    { actions: ['ssm:GetParametersByPath'], resources: [arns.cellParameters] },
    ...evidence.reading(),
    {
      actions: ['cloudformation:DescribeStacks', 'cloudformation:ListStackResources'],
      resources: [CONTROL_PLANE, DELIVERY, cellStackName('*')].map((name) =>
        stack.formatArn({ service: 'cloudformation', resource: 'stack', resourceName: `${name}/*` }),
      ),
      wildcardBecause: "A stack's ARN ends in an id of its own, and cells come with the stage's configuration.",
    },
    // The environment of LaunchStack names the templates, which a reader then finds among the
    // assets.
    { actions: ['lambda:GetFunctionConfiguration'], resources: [launchStack.lambda.functionArn] },
    {
      actions: ['s3:GetObject'],
      resources: [...templates.objectArns],
      wildcardBecause: 'Assets are named by their content.',
    },
    {
      actions: ['cloudwatch:DescribeAlarms', 'events:ListRules', 'sns:ListSubscriptionsByTopic'],
      resources: ['*'],
      wildcardBecause: 'A list of all alarms, rules or subscriptions is a request on no single one of them.',
    },
    ...dashboardGrants(stack),
  ];
}
