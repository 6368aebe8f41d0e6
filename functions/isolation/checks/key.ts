import { functionRoleName, TENANT_TAG, tenantNames } from '../../contract/naming';
import { settled } from '../../shared/settled';
import { type Check, checksOf, expectEqual, expectExactly, finding } from '../check';
import { grantViolations } from '../grants';
import { KEY_METADATA } from '../metadata/key';
import { isCondition, nameOf, type Statement, speaksOf, whatOf, whoOf } from '../policy-document';
import { roleOf, type Subject, tenantIdOf } from '../subject';

/** Actions that read or write data with a key, or make copies of that data readable elsewhere. */
const USES = [
  'kms:Decrypt',
  'kms:Encrypt',
  'kms:GenerateDataKey',
  'kms:GenerateDataKeyPair',
  'kms:GenerateDataKeyPairWithoutPlaintext',
  'kms:GenerateDataKeyWithoutPlaintext',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
];
const STORES = ['rds', 's3', 'secretsmanager'] as const;

const isAllowed = (statement: Statement, action: string) =>
  statement.effect === 'Allow' && (statement.inverted || speaksOf(statement, action));

const accountOf = ({ accountId }: Subject) => `AWS:arn:aws:iam::${accountId}:root`;
const only = (statement: Statement, ...principals: string[]) =>
  !statement.inverted && statement.principals.every((principal) => principals.includes(principal));

function throughStores(statement: Statement, { region }: Subject): boolean {
  const services = STORES.map((store) => `${store}.${region}.amazonaws.com`);
  return statement.conditions.some((condition) => isCondition(condition, ['StringEquals'], 'kms:ViaService', services));
}

/**
 * A tenant's key may be used in three ways: by its role, through its data stores, for its log
 * groups.
 */
function isUseByThisTenant(statement: Statement, subject: Subject): boolean {
  const { region, accountId, stackRoleArn } = subject;
  const tenantId = tenantIdOf(subject);
  const logGroups = ['/tenants/', '/aws/rds/instance/'].map(
    (prefix) =>
      `arn:aws:logs:${region}:${accountId}:log-group:${prefix}${prefix === '/tenants/' ? `${tenantId}/` : tenantNames.database(tenantId)}*`,
  );
  const byRole = statement.conditions.some((condition) =>
    isCondition(condition, ['ArnEquals', 'StringEquals'], 'aws:PrincipalArn', [roleOf(subject)]),
  );
  const forLogs = statement.conditions.some((condition) =>
    isCondition(condition, ['ArnLike', 'ArnEquals'], 'kms:EncryptionContext:aws:logs:arn', logGroups),
  );
  return (
    (only(statement, accountOf(subject), `AWS:${roleOf(subject)}`) && byRole) ||
    (only(statement, `AWS:${stackRoleArn}`) && throughStores(statement, subject)) ||
    (only(statement, `Service:logs.${region}.amazonaws.com`) && forLogs)
  );
}

function isForStoresOnly(statement: Statement, subject: Subject): boolean {
  const forAws = statement.conditions.some((condition) =>
    isCondition(condition, ['Bool'], 'kms:GrantIsForAWSResource', ['true']),
  );
  return only(statement, `AWS:${subject.stackRoleArn}`) && forAws && throughStores(statement, subject);
}

function expectedLogGroups(subject: Subject): string[] {
  const { InstanceId, ReplicaId } = subject.stacks.database.outputs;
  const instances = ReplicaId === undefined ? [InstanceId] : [InstanceId, ReplicaId];
  return [
    `/tenants/${tenantIdOf(subject)}/flow-logs`,
    ...instances.flatMap((id) => ['postgresql', 'upgrade'].map((log) => `/aws/rds/instance/${id}/${log}`)),
  ];
}

/**
 * Administration by the account, CreateTenantKey and RetireTenantKey. It allows no use of the key.
 */
const isAdministration = (statement: Statement, subject: Subject) => {
  const keepers = ['CreateTenantKey', 'RetireTenantKey'].map(
    (name) => `AWS:arn:aws:iam::${subject.accountId}:role/${functionRoleName(name)}`,
  );
  return (
    only(statement, accountOf(subject), ...keepers) &&
    ![...USES, 'kms:CreateGrant'].some((action) => isAllowed(statement, action))
  );
};

export const KEY_CHECKS: readonly Check[] = checksOf(KEY_METADATA, {
  'key.usable': async (_, { facts }) => {
    const metadata = await facts.key.metadata();
    return finding(
      [
        ...expectEqual('the key’s state', metadata?.KeyState, 'Enabled'),
        ...expectEqual('the key’s manager', metadata?.KeyManager, 'CUSTOMER'),
        ...expectEqual('the key’s origin', metadata?.Origin, 'AWS_KMS'),
        ...expectEqual('the key’s usage', metadata?.KeyUsage, 'ENCRYPT_DECRYPT'),
        ...expectEqual('the key’s multi-Region property', metadata?.MultiRegion ?? false, false),
      ],
      'enabled, customer managed, created by KMS, of one Region',
    );
  },
  'key.tag': async (subject, { facts }) =>
    finding(
      expectEqual(`the key’s tag ${TENANT_TAG}`, (await facts.key.tags())[TENANT_TAG], tenantIdOf(subject)),
      `tagged with ${tenantIdOf(subject)}`,
    ),
  'key.rotation': async (_, { facts }) =>
    finding(expectEqual('automatic rotation', await facts.key.rotates(), true), 'automatic rotation is enabled'),
  'key.policy': async (subject, { facts }) => {
    const allowing = (await facts.key.policy()).filter(({ effect }) => effect === 'Allow');
    const others = allowing.filter(
      (each) =>
        !isAdministration(each, subject) && !isUseByThisTenant(each, subject) && !isForStoresOnly(each, subject),
    );
    return finding(
      others.map((each) => `statement ${nameOf(each)} grants ${whoOf(each)} ${whatOf(each)}`),
      `${allowing.length} Allow statements: the account administers the key, only this tenant uses it`,
    );
  },
  'key.policy-account': async (subject, { facts }) => {
    const ours = [`AWS:arn:aws:iam::${subject.accountId}:`, 'Service:'];
    const named = (await facts.key.policy())
      .filter(({ effect }) => effect === 'Allow')
      .flatMap(({ principals, inverted }) =>
        inverted ? ['all principals except those listed (NotPrincipal)'] : principals,
      );
    return finding(
      named
        .filter((each) => !ours.some((prefix) => each.startsWith(prefix)))
        .map((each) => `the key’s policy allows ${each}`),
      'every principal is of this account or an AWS service',
    );
  },
  'key.grant-makers': async (subject, { facts }) => {
    const makers = (await facts.key.policy()).filter((each) => isAllowed(each, 'kms:CreateGrant'));
    return finding(
      makers
        .filter((each) => !isForStoresOnly(each, subject))
        .map((each) => `statement ${nameOf(each)} lets ${whoOf(each)} create grants`),
      'only the stacks’ role creates grants, through RDS, S3 and Secrets Manager',
    );
  },
  'key.grants': async (subject, { facts }) => {
    const [grants, replica] = await settled([facts.key.grants(), facts.database.replica()]);
    const { ResourceId } = subject.stacks.database.outputs;
    const { accountId, placed } = subject;
    const terms = { accountId, keyUsers: placed.keyUsers, databaseIds: [ResourceId, replica?.DbiResourceId] };
    return finding(
      grants.flatMap((grant) => grantViolations(grant, terms)),
      `${grants.length} grants, all held by AWS services for the tenant’s databases`,
    );
  },
  'key.alias': async (subject, { facts }) => {
    const alias = tenantNames.keyAlias(tenantIdOf(subject));
    const aliases = await facts.key.aliases();
    return finding(expectExactly('alias', aliases, [alias]), `the key’s only alias is ${alias}`);
  },
  'key.logs': async (subject, { facts }) => {
    const groups = await facts.logs.groups();
    const names = groups.map(({ logGroupName }) => logGroupName);
    return finding(
      [
        ...expectedLogGroups(subject)
          .filter((name) => !names.includes(name))
          .map((name) => `log group ${name} is missing`),
        ...groups
          .filter(({ kmsKeyId }) => kmsKeyId !== subject.key.keyArn)
          .map(
            ({ logGroupName, kmsKeyId }) => `log group ${logGroupName} is encrypted under ${kmsKeyId ?? 'no KMS key'}`,
          ),
      ],
      `${groups.length} log groups, all encrypted under the tenant’s key`,
    );
  },
});
