import type { Construct } from 'constructs';
import { TENANT_TAG } from '../../../functions/contract/naming';
import type { Grant } from '../../constructs/grant';
import { PlatformFunction } from '../../constructs/platform-function';
import { type FunctionContext, ofTenantKeys, onAnyTenant, onNoResource, onTable } from './context';

/**
 * Functions that make a tenant's key, and end it.
 *
 * A key's tag may take five minutes to be known to authorization ("ABAC for AWS KMS"). Until then
 * the key's own policy (key-policy.ts) admits both functions. The grants on keys are for those whose
 * policy somebody has changed, or whose roles were created again.
 */
export function keyFunctions(scope: Construct, context: FunctionContext) {
  const { config, arns, table, stackRole } = context;
  const ACCOUNT_ID = config.env.account;
  const TABLE_NAME = table.tableName;
  const onKeys = (...actions: string[]): Grant => ({
    actions: actions.map((action) => `kms:${action}`),
    ...ofTenantKeys(context),
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
        { ...onNoResource('kms:CreateKey'), conditions: makingTagged },
        { ...ofTenantKeys(context), actions: ['kms:TagResource'], conditions: makingTagged },
        onKeys('DescribeKey', 'PutKeyPolicy', 'EnableKeyRotation', 'EnableKey', 'CancelKeyDeletion', 'CreateAlias'),
        onAnyTenant(['kms:CreateAlias'], arns.tenantAliases),
        onNoResource('organizations:DescribeOrganization', 'tag:GetResources'),
      ],
    }),
    new PlatformFunction(scope, 'RetireTenantKey', {
      config,
      environment: { TABLE_NAME, ACCOUNT_ID },
      grants: [
        onTable(context, 'GetItem', 'UpdateItem'),
        onKeys('DescribeKey', 'GetKeyPolicy', 'DisableKey', 'ScheduleKeyDeletion', 'DeleteAlias'),
        onAnyTenant(['kms:DeleteAlias'], arns.tenantAliases),
        onNoResource('kms:ListAliases', 'tag:GetResources'),
      ],
    }),
  ];
}
