import type { Construct } from 'constructs';
import { TENANT_TAG } from '../../../functions/contract/naming';
import type { Grant } from '../../constructs/grant';
import { PlatformFunction } from '../../constructs/platform-function';
import { type FunctionContext, NO_RESOURCE, OF_ANY_TENANT, ofTenantKeys, onTable } from './context';

/**
 * A key's tag may take five minutes to be known to authorization ("ABAC for AWS KMS"). Until then
 * the key's own policy (key-policy.ts) admits both functions. These grants are for keys whose
 * policy somebody has changed, or whose roles were created again.
 */
const KEYS_OF_TENANTS = 'Key ids are random; the condition admits keys of tenants only.';

export function keyFunctions(scope: Construct, context: FunctionContext) {
  const { config, arns, table, stackRole } = context;
  const ACCOUNT_ID = config.env.account;
  const TABLE_NAME = table.tableName;
  const onKeys = (...actions: string[]): Grant => ({
    actions: actions.map((action) => `kms:${action}`),
    ...ofTenantKeys(context),
  });
  const onAliases = (action: string): Grant => ({
    actions: [action],
    resources: [arns.tenantAliases],
    wildcardBecause: OF_ANY_TENANT,
  });
  const makingTagged = { Null: { [`aws:RequestTag/${TENANT_TAG}`]: 'false' } };
  return [
    new PlatformFunction(scope, 'CreateTenantKey', {
      config,
      environment: {
        TABLE_NAME,
        ACCOUNT_ID,
        STACK_ROLE_ARN: stackRole.roleArn,
        ...(config.organizationId && { ORGANIZATION_ID: config.organizationId }),
      },
      grants: [
        onTable(context, 'UpdateItem'),
        {
          actions: ['kms:CreateKey'],
          resources: ['*'],
          conditions: makingTagged,
          wildcardBecause: NO_RESOURCE('kms:CreateKey'),
        },
        {
          actions: ['kms:TagResource'],
          resources: [arns.keys],
          conditions: makingTagged,
          wildcardBecause: KEYS_OF_TENANTS,
        },
        onKeys('DescribeKey', 'PutKeyPolicy', 'EnableKeyRotation', 'EnableKey', 'CancelKeyDeletion', 'CreateAlias'),
        onAliases('kms:CreateAlias'),
        {
          actions: ['organizations:DescribeOrganization', 'tag:GetResources'],
          resources: ['*'],
          wildcardBecause: NO_RESOURCE('DescribeOrganization and GetResources'),
        },
      ],
    }),
    new PlatformFunction(scope, 'RetireTenantKey', {
      config,
      environment: { TABLE_NAME, ACCOUNT_ID },
      grants: [
        onTable(context, 'GetItem', 'UpdateItem'),
        onKeys('DescribeKey', 'GetKeyPolicy', 'DisableKey', 'ScheduleKeyDeletion', 'DeleteAlias'),
        onAliases('kms:DeleteAlias'),
        {
          actions: ['kms:ListAliases', 'tag:GetResources'],
          resources: ['*'],
          wildcardBecause: NO_RESOURCE('ListAliases and GetResources'),
        },
      ],
    }),
  ];
}
