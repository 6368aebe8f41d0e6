import { CALLERS_TENANT, TENANT_TAG, tenantNames } from './naming';

/** Account and Region; the template of the foundation passes CloudFormation's own references. */
export interface BoundaryPlace {
  readonly partition: string;
  readonly accountId: string;
  readonly region: string;
}

export interface BoundaryStatement {
  readonly Sid: string;
  readonly Effect: 'Allow';
  readonly Action: readonly string[];
  readonly Resource: string;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/**
 * The statements of the boundary of tenants' roles: one for each need, the access role's first, then
 * those of the roles of AWS services. The foundation makes the policy of them, and a check compares
 * the policy with them.
 */
export function tenantBoundaryStatements({ partition, accountId, region }: BoundaryPlace): BoundaryStatement[] {
  const allow = (
    Sid: string,
    Action: readonly string[],
    Resource: string,
    Condition?: BoundaryStatement['Condition'],
  ): BoundaryStatement => ({ Sid, Effect: 'Allow', Action, Resource, ...(Condition && { Condition }) });
  const ofTheAccount = (service: string, resource: string) =>
    `arn:${partition}:${service}:${region}:${accountId}:${resource}`;
  const bucketArn = `arn:${partition}:s3:::${tenantNames.bucket(CALLERS_TENANT, accountId, region)}`;
  const osMetrics = ofTheAccount('logs', 'log-group:RDSOSMetrics*');
  const ownTag = { StringEquals: { [`aws:ResourceTag/${TENANT_TAG}`]: CALLERS_TENANT } };
  return [
    allow('OwnBucket', ['s3:ListBucket', 's3:GetBucketLocation'], bucketArn),
    allow(
      'OwnObjects',
      ['s3:GetObject', 's3:GetObjectVersion', 's3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload'],
      `${bucketArn}/*`,
    ),
    allow('OwnKeys', ['kms:Decrypt', 'kms:GenerateDataKey', 'kms:DescribeKey'], ofTheAccount('kms', 'key/*'), ownTag),
    allow(
      'OwnSecrets',
      ['secretsmanager:GetSecretValue', 'secretsmanager:DescribeSecret'],
      ofTheAccount('secretsmanager', `secret:tenants/${CALLERS_TENANT}/*`),
    ),
    allow(
      'OwnDatabaseUser',
      ['rds-db:connect'],
      ofTheAccount('rds-db', `dbuser:*/${tenantNames.databaseUser(CALLERS_TENANT)}`),
    ),
    allow(
      'OwnDatabaseReader',
      ['rds-db:connect'],
      ofTheAccount('rds-db', `dbuser:*/${tenantNames.databaseReader(CALLERS_TENANT)}`),
    ),
    allow(
      'OwnLogs',
      ['logs:CreateLogStream', 'logs:PutLogEvents', 'logs:DescribeLogStreams'],
      ofTheAccount('logs', `log-group:/tenants/${CALLERS_TENANT}/*`),
    ),
    allow('OsMetricsGroup', ['logs:CreateLogGroup', 'logs:PutRetentionPolicy'], osMetrics),
    allow(
      'OsMetrics',
      ['logs:CreateLogStream', 'logs:PutLogEvents', 'logs:DescribeLogStreams', 'logs:GetLogEvents'],
      `${osMetrics}:log-stream:*`,
    ),
  ];
}
