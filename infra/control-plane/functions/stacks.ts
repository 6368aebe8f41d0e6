import type { Construct } from 'constructs';
import { workflowsCalling } from '../../../functions/contract/workflows';
import { EventFunction } from '../../constructs/event-function';
import { PlatformFunction } from '../../constructs/platform-function';
import { runbookAddress } from '../../constructs/runbook-link';
import { type FunctionContext, onAnyTenant, onTable, passingStackRole } from './context';

/** LaunchStack, DeleteStack, and StackSettled, which answers the waiting tasks of both. */
export function stackFunctions(scope: Construct, context: FunctionContext, trustedRoleArns: readonly string[]) {
  const { config, arns, table, stackRole, templates } = context;
  const ACCOUNT_ID = config.env.account;
  const TABLE_NAME = table.tableName;
  const STACK_ROLE_ARN = stackRole.roleArn;
  const onStacks = (...actions: string[]) =>
    onAnyTenant(
      actions.map((action) => `cloudformation:${action}`),
      arns.tenantStacks,
    );
  const answerTasks = {
    actions: ['states:SendTaskSuccess', 'states:SendTaskFailure'],
    resources: workflowsCalling('LaunchStack', 'DeleteStack').map(arns.machine),
  };

  const launchStack = new PlatformFunction(scope, 'LaunchStack', {
    config,
    environment: {
      TABLE_NAME,
      ACCOUNT_ID,
      STACK_ROLE_ARN,
      STACK_TEMPLATES: templates.published,
      TENANT_BOUNDARY_ARN: context.boundary.managedPolicyArn,
      TRUSTED_ROLE_ARNS: trustedRoleArns.join(','),
      ALARM_TOPIC_ARN: context.topic.topicArn,
      RUNBOOK_URL: runbookAddress(config),
      AVAILABILITY_ZONES: config.availabilityZones.join(','),
    },
    grants: [
      onTable(context, 'ConditionCheckItem', 'GetItem', 'PutItem', 'UpdateItem', 'DeleteItem'),
      onStacks(
        ...['CreateStack', 'TagResource', 'DeleteStack'],
        ...['DescribeStacks', 'DescribeStackEvents', 'DescribeEvents'],
      ),
      passingStackRole(context),
      {
        actions: ['s3:GetObject'],
        resources: [...templates.objectArns],
        wildcardBecause: "Assets are named by their content, and a run of an earlier release reads that release's.",
      },
      answerTasks,
    ],
  });
  const deleteStack = new PlatformFunction(scope, 'DeleteStack', {
    config,
    environment: { TABLE_NAME, ACCOUNT_ID, STACK_ROLE_ARN },
    grants: [
      onTable(context, 'ConditionCheckItem', 'GetItem', 'PutItem', 'UpdateItem', 'DeleteItem'),
      onStacks(
        ...['DeleteStack', 'DescribeStacks', 'DescribeStackEvents', 'DescribeStackResources'],
        'UpdateTerminationProtection',
      ),
      passingStackRole(context),
      onAnyTenant(['rds:ModifyDBInstance'], arns.rds('db')),
      onAnyTenant(['s3:ListBucketVersions', 's3:ListBucket'], arns.tenantBuckets),
      onAnyTenant(['s3:DeleteObject', 's3:DeleteObjectVersion'], `${arns.tenantBuckets}/*`),
      answerTasks,
    ],
  });
  const stackSettled = new EventFunction(scope, 'StackSettled', {
    config,
    environment: { TABLE_NAME },
    grants: [
      onTable(context, 'GetItem', 'PutItem', 'UpdateItem', 'DeleteItem'),
      onStacks('DescribeStacks', 'DescribeStackEvents', 'DescribeEvents'),
      answerTasks,
    ],
  });
  return { launchStack, deleteStack, stackSettled };
}
