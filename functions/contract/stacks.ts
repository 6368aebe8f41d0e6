import * as z from 'zod';

/** The four stacks of a tenant. Database needs network, access needs database; storage needs neither. */
export const STACK_KINDS = ['network', 'database', 'storage', 'access'] as const;
export const StackKindSchema = z.enum(STACK_KINDS);
export type StackKind = z.infer<typeof StackKindSchema>;

/**
 * The statuses of a stack that has settled; in every other status it is still changing ("Stack
 * status codes"). The platform updates no stack, but an operator may have updated a held tenant's
 * stack.
 */
const SETTLED_STATUSES = [
  'CREATE_COMPLETE',
  'CREATE_FAILED',
  'ROLLBACK_COMPLETE',
  'ROLLBACK_FAILED',
  'UPDATE_COMPLETE',
  'UPDATE_FAILED',
  'UPDATE_ROLLBACK_COMPLETE',
  'UPDATE_ROLLBACK_FAILED',
  'DELETE_COMPLETE',
  'DELETE_FAILED',
] as const;

/**
 * The statuses that may answer a waiting task: the ends, and the begin of CloudFormation's rollback,
 * which tells that the stack is failing, minutes before the rollback's end.
 */
export const TELLING_STATUSES = [...SETTLED_STATUSES, 'ROLLBACK_IN_PROGRESS'] as const;

/** Parameters of each tenant template. A test checks that the templates declare exactly these. */
export const STACK_PARAMETERS = {
  network: [
    'TenantId',
    'KeyArn',
    /** The slot's CIDR block, a /24. */
    'VpcCidr',
    'CellVpcId',
    /** The two zones of the database subnets. */
    'ZoneA',
    'ZoneB',
    /** The one CIDR block that covers the cell's three application subnets. */
    'CellAppCidr',
    'CellRouteTableIdA',
    'CellRouteTableIdB',
    'CellRouteTableIdC',
    'BoundaryArn',
  ],
  database: [
    'TenantId',
    'KeyArn',
    'DatabaseSubnetIds',
    'DatabaseSecurityGroupId',
    'InstanceClass',
    'AllocatedStorage',
    'MaxAllocatedStorage',
    'MultiAz',
    'ReplicaCount',
    'BackupRetentionDays',
    'AlarmTopicArn',
    'RunbookUrl',
    'BoundaryArn',
    'MonitoringRoleArn',
  ],
  storage: ['TenantId', 'KeyArn', 'BucketName', 'AccessRoleArn', 'AccessLogBucketName'],
  access: [
    'TenantId',
    'KeyArn',
    'BucketName',
    'SecretArn',
    'DatabaseResourceId',
    'ReplicaResourceId',
    'BoundaryArn',
    'ExternalId',
    'TrustedRoleArns',
  ],
} as const satisfies Record<StackKind, readonly string[]>;

/** Outputs of each tenant template, by the output's logical id. */
export const StackOutputSchemas = {
  network: z.object({
    VpcId: z.string(),
    DatabaseSubnetIds: z.string().describe('comma-separated'),
    DatabaseCidr: z.string().describe('the one block that covers the database subnets, a /25'),
    DatabaseSecurityGroupId: z.string(),
    RouteTableId: z.string(),
    PeeringConnectionId: z.string(),
    FlowLogId: z.string(),
    MonitoringRoleArn: z.string().optional().describe('absent in stacks of earlier releases'),
  }),
  database: z.object({
    InstanceId: z.string(),
    ResourceId: z.string().describe('DbiResourceId, as rds-db:connect names the database'),
    EndpointAddress: z.string(),
    EndpointPort: z.string(),
    SecretArn: z.string(),
    SubnetGroupName: z.string(),
    ParameterGroupName: z.string(),
    ReplicaId: z.string().optional(),
    ReplicaResourceId: z.string().optional().describe('absent without a replica, and in stacks of earlier releases'),
    ReplicaAddress: z.string().optional(),
    ReplicaPort: z.string().optional(),
  }),
  storage: z.object({ BucketName: z.string(), BucketArn: z.string() }),
  access: z.object({ RoleArn: z.string(), RoleName: z.string() }),
} as const;
export type StackOutputs<K extends StackKind> = z.infer<(typeof StackOutputSchemas)[K]>;

const settled = <S extends z.ZodObject>(outputs: S) =>
  z.object({ stackId: z.string(), stackName: z.string(), templateVersion: z.string(), outputs });

/** The answer of a launched stack, by kind. */
export const SettledStackSchemas = {
  network: settled(StackOutputSchemas.network),
  database: settled(StackOutputSchemas.database),
  storage: settled(StackOutputSchemas.storage),
  access: settled(StackOutputSchemas.access),
} as const;
export const TenantStacksSchema = z.object(SettledStackSchemas);
export type TenantStacks = z.infer<typeof TenantStacksSchema>;

/**
 * The templates that a deployment has published: URL and version (a digest of the text) of each.
 */
export const PublishedTemplatesSchema = z.record(StackKindSchema, z.object({ url: z.url(), version: z.string() }));
export type PublishedTemplates = z.infer<typeof PublishedTemplatesSchema>;

/** The version of a release's templates together: those of all four, in this order. */
export const releaseVersion = (versions: Readonly<Record<StackKind, string>>): string =>
  STACK_KINDS.map((kind) => versions[kind]).join('-');
