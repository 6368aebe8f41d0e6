import { functionRoleName, TENANT_TAG, tenantNames } from '../../contract/naming';
import { type Check, expectEqual, expectExactly, finding } from '../check';
import { isCondition, nameOf, type Statement, speaksOf, whatOf, whoOf } from '../policy-document';
import { roleOf, type Subject, tenantIdOf } from '../subject';

/** What reads or writes data with a key, or makes copies of what it protects readable elsewhere. */
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

/** The three ways in which a tenant's key may be used: by its role, by a store of its own, by its log groups. */
function isWayOfThisTenant(statement: Statement, subject: Subject): boolean {
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

/** The account's own administration, and that of the step and its undo: it reads and writes nothing. */
const isAdministration = (statement: Statement, subject: Subject) => {
  const keepers = ['CreateTenantKey', 'RetireTenantKey'].map(
    (name) => `AWS:arn:aws:iam::${subject.accountId}:role/${functionRoleName(name)}`,
  );
  return (
    only(statement, accountOf(subject), ...keepers) &&
    ![...USES, 'kms:CreateGrant'].some((action) => isAllowed(statement, action))
  );
};

export const KEY_CHECKS: readonly Check[] = [
  {
    id: 'key.usable',
    title: 'The key is a living, customer managed key of this account',
    question: 'Is the tenant’s key an enabled symmetric key that the platform’s account manages and KMS made?',
    severity: 'high',
    control: 'FSBP KMS.3, SOC 2 CC6.1',
    run: async (_, { facts }) => {
      const metadata = await facts.key.metadata();
      return finding(
        [
          ...expectEqual('its state', metadata?.KeyState, 'Enabled'),
          ...expectEqual('its manager', metadata?.KeyManager, 'CUSTOMER'),
          ...expectEqual('its origin', metadata?.Origin, 'AWS_KMS'),
          ...expectEqual('its use', metadata?.KeyUsage, 'ENCRYPT_DECRYPT'),
          ...expectEqual('multi-Region', metadata?.MultiRegion ?? false, false),
        ],
        'enabled, customer managed, made by KMS, of one Region',
      );
    },
  },
  {
    id: 'key.tag',
    title: 'The key is tagged with its tenant',
    question: 'Does the key carry this tenant’s tag, by which the boundary of tenants’ roles decides?',
    severity: 'high',
    control: 'SOC 2 CC6.1',
    run: async (subject, { facts }) =>
      finding(expectEqual(`tag ${TENANT_TAG}`, (await facts.key.tags())[TENANT_TAG], tenantIdOf(subject)), 'tagged'),
  },
  {
    id: 'key.rotation',
    title: 'The key rotates',
    question: 'Does KMS rotate the key every year?',
    severity: 'medium',
    control: 'FSBP KMS.4, CIS AWS Foundations 3.6',
    run: async (_, { facts }) => finding(expectEqual('automatic rotation', await facts.key.rotates(), true), 'rotates'),
  },
  {
    id: 'key.policy',
    title: 'Only this tenant uses the key',
    question: 'Does the key’s policy let nobody but the tenant’s role, its stores and its log groups at the key?',
    severity: 'critical',
    control: 'SOC 2 CC6.1, FSBP KMS.1',
    run: async (subject, { facts }) => {
      const allowing = (await facts.key.policy()).filter(({ effect }) => effect === 'Allow');
      const others = allowing.filter(
        (each) =>
          !isAdministration(each, subject) && !isWayOfThisTenant(each, subject) && !isForStoresOnly(each, subject),
      );
      return finding(
        others.map((each) => `statement ${nameOf(each)} lets ${whoOf(each)} do ${whatOf(each)}`),
        `${allowing.length} statements: the account administers, this tenant uses`,
      );
    },
  },
  {
    id: 'key.policy-account',
    title: 'The key’s policy names nobody outside the account',
    question: 'Is every principal that the key’s policy allows anything to of this account, or a service of AWS?',
    severity: 'critical',
    control: 'FSBP KMS.5, SOC 2 CC6.3',
    run: async (subject, { facts }) => {
      const ours = [`AWS:arn:aws:iam::${subject.accountId}:`, 'Service:'];
      const named = (await facts.key.policy())
        .filter(({ effect }) => effect === 'Allow')
        .flatMap(({ principals, inverted }) => (inverted ? ['everybody but some'] : principals));
      return finding(
        named.filter((each) => !ours.some((prefix) => each.startsWith(prefix))).map((each) => `it allows ${each}`),
        'every principal is of this account or a service',
      );
    },
  },
  {
    id: 'key.grant-makers',
    title: 'Only the tenant’s stores get grants',
    question: 'Does the key’s policy let grants be made by the stacks’ role alone, for AWS’s own resources alone?',
    severity: 'critical',
    control: 'SOC 2 CC6.1',
    run: async (subject, { facts }) => {
      const makers = (await facts.key.policy()).filter((each) => isAllowed(each, 'kms:CreateGrant'));
      return finding(
        makers
          .filter((each) => !isForStoresOnly(each, subject))
          .map((each) => `statement ${nameOf(each)} lets ${whoOf(each)} make grants`),
        'the stacks’ role alone, through RDS, S3 and Secrets Manager',
      );
    },
  },
  {
    id: 'key.grants',
    title: 'No grant lets a principal use the key',
    question: 'Is every living grant on the key held by a service of AWS?',
    severity: 'critical',
    control: 'SOC 2 CC6.1',
    run: async (_, { facts }) => {
      const grants = await facts.key.grants();
      const others = grants.filter(({ GranteePrincipal }) => !GranteePrincipal?.endsWith('.amazonaws.com'));
      return finding(
        others.map(({ GrantId, GranteePrincipal, Operations }) => {
          return `grant ${GrantId} lets ${GranteePrincipal} ${Operations?.join(', ')}`;
        }),
        `${grants.length} grants, all held by services`,
      );
    },
  },
  {
    id: 'key.alias',
    title: 'The tenant’s alias leads to the key',
    question: 'Is the tenant’s alias the one alias of this key?',
    severity: 'medium',
    control: 'SOC 2 CC6.1',
    run: async (subject, { facts }) => {
      const alias = tenantNames.keyAlias(tenantIdOf(subject));
      const aliases = await facts.key.aliases();
      return finding(expectExactly('alias', aliases, [alias]), alias);
    },
  },
  {
    id: 'key.logs',
    title: 'The tenant’s logs are encrypted under the tenant’s key',
    question: 'Is every log group of the tenant’s network and databases there, and encrypted under the tenant’s key?',
    severity: 'high',
    control: 'SOC 2 CC6.1',
    run: async (subject, { facts }) => {
      const groups = await facts.logs.groups();
      const names = groups.map(({ logGroupName }) => logGroupName);
      return finding(
        [
          ...expectedLogGroups(subject)
            .filter((name) => !names.includes(name))
            .map((name) => `${name} is missing`),
          ...groups
            .filter(({ kmsKeyId }) => kmsKeyId !== subject.key.keyArn)
            .map(({ logGroupName, kmsKeyId }) => `${logGroupName} is under ${kmsKeyId ?? 'no key'}`),
        ],
        `${groups.length} log groups, all under the tenant’s key`,
      );
    },
  },
];
