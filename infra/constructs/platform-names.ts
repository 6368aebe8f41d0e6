import type { Stack } from 'aws-cdk-lib';
import {
  askDatabaseName,
  CALLERS_TENANT,
  CELLS_PARAMETER_PATH,
  functionRoleName,
  platformStackName,
  RELEASE_PIPELINE,
  SERVICE_REPOSITORY,
  setUpDatabaseName,
  TENANT_ROLE_PATH,
  tenantNames,
} from '../../functions/contract/naming';
import type { Workflow } from '../../functions/contract/workflows';

/**
 * Fixed names, for resources that others must name before they exist. CloudFormation chooses all
 * other names.
 */
export const EVENT_BUS_NAME = 'tenant-onboarding';
export const DASHBOARD_NAME = 'tenant-onboarding';
export const STACK_ROLE_NAME = 'tenant-onboarding-stacks';

/** Tag on all resources of a cell. Tenants' stacks may add routes to route tables with this tag. */
export const CELL_TAG = 'cell';

/**
 * Prefix of every cell's load balancer and cluster, so that grants cover cells that do not exist
 * yet.
 */
export const cellName = (cell: string) => `cell-${cell}`;

/**
 * A fixed name, because auditors are told it. It does not begin with `tenant-`: grants on tenants'
 * buckets must never cover it. At most 19+12+1+14 = 46 of 63 characters.
 */
export const evidenceBucketName = (stack: Stack) => `isolation-evidence-${stack.account}-${stack.region}`;

/**
 * ARNs of resources that the platform makes at run time, as exactly as AWS can name them before.
 */
export function platformArns(stack: Stack) {
  const arn = (service: string, resource: string, region?: '') =>
    `arn:${stack.partition}:${service}:${region ?? stack.region}:${stack.account}:${resource}`;
  return {
    machine: ({ name }: Workflow) => arn('states', `stateMachine:${name}`),
    /** Of whomever. */
    machines: arn('states', 'stateMachine:*'),
    executions: ({ name }: Workflow) => arn('states', `execution:${name}:*`),
    /** Executions of a distributed Map's items. The label is the Map's. */
    itemExecutions: ({ name }: Workflow, label: string) => arn('states', `execution:${name}/${label}:*`),
    /** ARN by name, for a function that must know the role of a function that is made later. */
    functionRole: (functionName: string) => arn('iam', `role/${functionRoleName(functionName)}`, ''),
    /** What the platform's own stacks make: its stacks begin with one name, and CloudFormation's names with the stack's. */
    platformStacks: arn('cloudformation', `stack/${platformStackName('*')}/*`),
    /** Functions with names by CloudFormation, and those with fixed names; their versions and aliases, too. */
    platformCode: [
      arn('lambda', `function:${platformStackName('*')}`),
      arn('lambda', `function:${functionRoleName('*')}`),
    ],
    platformQueues: arn('sqs', platformStackName('*')),
    /** DynamoDB names an export, below the table that it is of. */
    tableExports: arn('dynamodb', `table/${platformStackName('*')}/export/*`),
    backupPlans: arn('backup', 'backup-plan:*'),
    backupVaults: arn('backup', 'backup-vault:*'),
    anyRule: arn('events', 'rule/*'),
    /** SetUpDatabase of every cell. */
    databaseSetups: arn('lambda', `function:${setUpDatabaseName('*')}`),
    /** AskDatabase of every cell. */
    databaseDoors: arn('lambda', `function:${askDatabaseName('*')}`),
    databaseUser: (user: string) => arn('rds-db', `dbuser:*/${user}`),
    cellParameters: arn('ssm', `parameter${CELLS_PARAMETER_PATH}`),
    tenantStacks: arn('cloudformation', 'stack/tenant-*/*'),
    tenantRoles: arn('iam', `role${TENANT_ROLE_PATH}*`, ''),
    tenantPolicies: arn('iam', `policy${TENANT_ROLE_PATH}*`, ''),
    /**
     * Roles that the shared service assumes. AWS services assume the other roles under the path.
     */
    assumableTenantRoles: arn('iam', `role${TENANT_ROLE_PATH}tenant-*`, ''),
    tenantBuckets: `arn:${stack.partition}:s3:::tenant-*-${stack.account}-${stack.region}`,
    evidence: `arn:${stack.partition}:s3:::${evidenceBucketName(stack)}`,
    /** What a session of the rotation's role reaches: of the tenant in its tag. */
    sessionsSecret: arn('secretsmanager', `secret:${tenantNames.secret(CALLERS_TENANT)}-*`),
    sessionsDatabase: arn('rds', `db:${tenantNames.database(CALLERS_TENANT)}`),
    tenantSecrets: arn('secretsmanager', 'secret:tenants/*'),
    tenantLogGroups: arn('logs', 'log-group:/tenants/*'),
    tenantDatabaseLogGroups: arn('logs', 'log-group:/aws/rds/instance/tenant-*'),
    keys: arn('kms', 'key/*'),
    tenantAliases: arn('kms', 'alias/tenants/*'),
    cellLoadBalancers: arn('elasticloadbalancing', 'loadbalancer/app/cell-*/*'),
    webAcls: arn('wafv2', 'regional/webacl/*/*'),
    cellListeners: arn('elasticloadbalancing', 'listener/app/cell-*/*'),
    cellRules: arn('elasticloadbalancing', 'listener-rule/app/cell-*/*'),
    /** Roles that the cells' stacks make, with names by CloudFormation. */
    cellRoles: arn('iam', 'role/TenantOnboarding-Cell-*', ''),
    /** Application Auto Scaling draws the ids. */
    scalableTargets: arn('application-autoscaling', 'scalable-target/*'),
    releasePipeline: arn('codepipeline', RELEASE_PIPELINE),
    cellTasks: arn('ecs', 'task/cell-*/*'),
    serviceImages: arn('ecr', `repository/${SERVICE_REPOSITORY}`),
    cellServices: arn('ecs', 'service/cell-*/*'),
    ec2: (type: string) => arn('ec2', `${type}/*`),
    rds: (type: string) => arn('rds', `${type}:tenant-*`),
    defaultOptionGroups: arn('rds', 'og:default*'),
    rdsServiceLinkedRole: arn('iam', 'role/aws-service-role/rds.amazonaws.com/AWSServiceRoleForRDS', ''),
    /** A list with a filter is a request for all instances. */
    rdsInstances: arn('rds', 'db:*'),
    rdsSnapshots: arn('rds', 'snapshot:*'),
    rdsAutomatedBackups: arn('rds', 'auto-backup:*'),
    insights: arn('pi', 'metrics/rds/*'),
    tenantAlarms: arn('cloudwatch', 'alarm:tenant-*'),
  } as const;
}
export type PlatformArns = ReturnType<typeof platformArns>;
