import { Aws, aws_iam as iam, Validations } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { tenantNames } from '../../functions/contract/naming';
import { tenantServiceRole } from './service-role';

/**
 * The role of RDS enhanced monitoring. OS metrics go to the account's one group `RDSOSMetrics`,
 * which RDS owns. The metrics of a deleted database stay there for 30 days. They contain no name
 * and no data of the tenant.
 *
 * The ARN of a group may end in `:*` ("CloudWatch Logs resources"). So the name ends in a wildcard
 * here, as in AWS's own policy for this purpose ("AmazonRDSEnhancedMonitoringRole": `RDS*`).
 */
export function monitoringRole(scope: Construct, tenantId: string, boundaryArn: string): iam.CfnRole {
  const logGroup = `arn:${Aws.PARTITION}:logs:${Aws.REGION}:${Aws.ACCOUNT_ID}:log-group:RDSOSMetrics*`;
  const role = tenantServiceRole(scope, 'MonitoringRole', {
    tenantId,
    boundaryArn,
    purpose: 'monitoring',
    service: 'monitoring.rds.amazonaws.com',
    sourceArn: `arn:${Aws.PARTITION}:rds:${Aws.REGION}:${Aws.ACCOUNT_ID}:db:${tenantNames.database(tenantId)}*`,
    statements: [
      new iam.PolicyStatement({ actions: ['logs:CreateLogGroup', 'logs:PutRetentionPolicy'], resources: [logGroup] }),
      new iam.PolicyStatement({
        actions: ['logs:CreateLogStream', 'logs:PutLogEvents', 'logs:DescribeLogStreams', 'logs:GetLogEvents'],
        resources: [`${logGroup}:log-stream:*`],
      }),
    ],
  });
  for (const resource of ['RDSOSMetrics*', 'RDSOSMetrics*:log-stream:*'])
    Validations.of(role).acknowledge({
      id: `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>:log-group:${resource}]`,
      reason:
        'The group belongs to RDS, which names the stream after a resource id that does not exist before the instance.',
    });
  return role;
}
