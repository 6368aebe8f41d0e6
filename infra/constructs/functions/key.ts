import type { Construct } from 'constructs';
import { TENANT_TAG } from '../../../functions/contract/naming';
import { OnboardingFunction } from '../onboarding-function';
import { type FunctionContext, NO_RESOURCE, OF_ANY_TENANT, onTable } from './context';

const ofTenants = { Null: { [`aws:ResourceTag/${TENANT_TAG}`]: 'false' } };
const KEYS_OF_TENANTS = 'Key ids are random; the condition admits keys of tenants only.';

export function keyFunctions(scope: Construct, context: FunctionContext) {
  const { config, arns, table, stackRole } = context;
  const ACCOUNT_ID = config.env.account;
  return [
    new OnboardingFunction(scope, 'CreateTenantKey', {
      config,
      environment: { ACCOUNT_ID, STACK_ROLE_ARN: stackRole.roleArn },
      grants: [
        {
          actions: ['kms:CreateKey'],
          resources: ['*'],
          conditions: { Null: { [`aws:RequestTag/${TENANT_TAG}`]: 'false' } },
          wildcardBecause: NO_RESOURCE('kms:CreateKey'),
        },
        {
          actions: ['kms:TagResource'],
          resources: [arns.keys],
          conditions: { Null: { [`aws:RequestTag/${TENANT_TAG}`]: 'false' } },
          wildcardBecause: KEYS_OF_TENANTS,
        },
        {
          actions: [
            'kms:DescribeKey',
            'kms:EnableKeyRotation',
            'kms:PutKeyPolicy',
            'kms:CreateAlias',
            'kms:ListAliases',
          ],
          resources: [arns.keys],
          conditions: ofTenants,
          wildcardBecause: KEYS_OF_TENANTS,
        },
        { actions: ['kms:CreateAlias'], resources: [arns.tenantAliases], wildcardBecause: OF_ANY_TENANT },
        {
          actions: ['organizations:DescribeOrganization', 'kms:ListKeys', 'kms:ListAliases', 'tag:GetResources'],
          resources: ['*'],
          wildcardBecause: NO_RESOURCE('DescribeOrganization, ListKeys, ListAliases and GetResources'),
        },
      ],
    }),
    new OnboardingFunction(scope, 'RetireTenantKey', {
      config,
      environment: { TABLE_NAME: table.tableName, ACCOUNT_ID },
      grants: [
        onTable(context, 'GetItem'),
        {
          actions: [
            'kms:DescribeKey',
            'kms:DisableKey',
            'kms:ScheduleKeyDeletion',
            'kms:DeleteAlias',
            'kms:ListAliases',
            'kms:ListResourceTags',
          ],
          resources: [arns.keys],
          conditions: ofTenants,
          wildcardBecause: KEYS_OF_TENANTS,
        },
        { actions: ['kms:DeleteAlias'], resources: [arns.tenantAliases], wildcardBecause: OF_ANY_TENANT },
        {
          actions: ['kms:ListKeys', 'kms:ListAliases', 'tag:GetResources'],
          resources: ['*'],
          wildcardBecause: NO_RESOURCE('ListKeys, ListAliases and GetResources'),
        },
      ],
    }),
  ];
}
