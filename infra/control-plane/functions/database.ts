import { Role, ServicePrincipal, SessionTagsPrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import {
  breakGlassRoleArn,
  CALLERS_TENANT,
  DATABASE_MASTER,
  ROTATION_ROLE,
  rotationFunctionArn,
  rotationRoleArn,
  TENANT_TAG,
} from '../../../functions/contract/naming';
import { policyOf } from '../../constructs/grant';
import { PlatformFunction } from '../../constructs/platform-function';
import {
  assumingTenants,
  type FunctionContext,
  listingCells,
  onAnyCell,
  onAnyTenant,
  onCellItems,
  onTable,
  telling,
} from './context';

const OF_SESSION = 'The session has the tag of one tenant, and the variable stands for it.';

/**
 * RotateMasterSecret, which Secrets Manager calls, and the role that it assumes for one tenant. Whoever has that
 * role can set a database's master password, so nobody else may assume it, and no session of it reaches
 * beyond the tenant of its tag ("IAM policy elements: Variables and tags").
 */
function rotation(scope: Construct, context: FunctionContext): PlatformFunction {
  const { config, arns } = context;
  const rotate = new PlatformFunction(scope, 'RotateMasterSecret', {
    config,
    hasFixedName: true,
    environment: { TABLE_NAME: context.table.tableName, ACCOUNT_ID: config.env.account },
    grants: [
      onTable(context, 'GetItem'),
      { actions: ['sts:AssumeRole', 'sts:TagSession'], resources: [rotationRoleArn(config.env.account)] },
      onAnyCell(['lambda:InvokeFunction'], arns.databaseDoors),
    ],
  });
  // "Lambda rotation function permissions": only for secrets of this account.
  rotate.lambda.addPermission('SecretsManager', {
    principal: new ServicePrincipal('secretsmanager.amazonaws.com'),
    sourceAccount: config.env.account,
  });
  const tagged = { StringLike: { [`aws:RequestTag/${TENANT_TAG}`]: '?*' } };
  const own = new Construct(scope, 'Rotation');
  new Role(own, 'Role', {
    roleName: ROTATION_ROLE,
    description: 'Rotates the master password of the tenant in the tag of the session',
    assumedBy: new SessionTagsPrincipal(rotate.role).withConditions(tagged),
    inlinePolicies: {
      Grants: policyOf(own, [
        {
          actions: ['DescribeSecret', 'GetSecretValue', 'PutSecretValue', 'UpdateSecretVersionStage'].map(
            (action) => `secretsmanager:${action}`,
          ),
          resources: [arns.sessionsSecret],
          wildcardBecause: OF_SESSION,
        },
        {
          actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
          resources: [arns.keys],
          conditions: { StringEquals: { [`aws:ResourceTag/${TENANT_TAG}`]: CALLERS_TENANT } },
          wildcardBecause: OF_SESSION,
        },
        { actions: ['rds:DescribeDBInstances', 'rds:ModifyDBInstance'], resources: [arns.sessionsDatabase] },
      ]),
    },
  });
  return rotate;
}

/**
 * PrepareDatabase, the functions of a migration besides, and RestoreDatabase, which reach no database. The functions that
 * log in to databases are in each cell (cell/database-functions.ts).
 */
export function databaseFunctions(scope: Construct, context: FunctionContext) {
  const { config, arns, table } = context;
  const { account, region } = config.env;
  const rotateMasterSecret = rotation(scope, context);
  const ROTATION_FUNCTION = rotationFunctionArn(region, account);
  const prepareDatabase = new PlatformFunction(scope, 'PrepareDatabase', {
    config,
    environment: { TABLE_NAME: table.tableName, ROTATION_FUNCTION },
    grants: [
      onTable(context, 'GetItem', 'BatchGetItem', 'UpdateItem'),
      {
        ...onAnyTenant(['secretsmanager:RotateSecret'], arns.tenantSecrets),
        conditions: { ArnEquals: { 'secretsmanager:RotationLambdaARN': ROTATION_FUNCTION } },
      },
      // "RotateSecret": whoever begins a rotation needs this permission, too.
      { actions: ['lambda:InvokeFunction'], resources: [ROTATION_FUNCTION] },
      assumingTenants(context),
      onAnyCell(['lambda:InvokeFunction'], arns.databaseSetups),
      onAnyTenant(['rds-db:connect'], arns.databaseUser(DATABASE_MASTER)),
    ],
  });
  const environment = { TABLE_NAME: table.tableName };
  const restoreDatabase = new PlatformFunction(scope, 'RestoreDatabase', {
    config,
    environment: {
      ...environment,
      ACCOUNT_ID: account,
      PREPARE_DATABASE_FUNCTION: prepareDatabase.lambda.functionName,
    },
    grants: [
      onTable(context, 'GetItem', 'UpdateItem'),
      // All that it does with RDS is in a session of this role, limited to one tenant.
      { actions: ['sts:AssumeRole'], resources: [breakGlassRoleArn(account)] },
      // What an instance that is gone was in.
      onAnyTenant(['cloudformation:DescribeStacks'], arns.tenantStacks),
      { actions: ['lambda:InvokeFunction'], resources: [prepareDatabase.lambda.functionArn] },
    ],
  });
  new PlatformFunction(scope, 'ClaimMigration', {
    config,
    environment: { ...environment, DOMAIN: config.domain },
    grants: [onCellItems(context, 'GetItem', 'UpdateItem', 'ConditionCheckItem'), listingCells(context)],
  });
  const planMigration = new PlatformFunction(scope, 'PlanMigration', {
    config,
    environment,
    grants: [onTable(context, 'GetItem', 'Scan')],
  });
  new PlatformFunction(scope, 'StopMigration', {
    config,
    environment,
    grants: [onTable(context, 'GetItem', 'UpdateItem')],
  });
  const operators = telling(context);
  new PlatformFunction(scope, 'SettleMigration', {
    config,
    environment: { ...environment, ...operators.environment },
    grants: [onCellItems(context, 'GetItem', 'UpdateItem'), ...operators.grants],
  });
  return { prepareDatabase, planMigration, restoreDatabase, rotateMasterSecret };
}
