import { breakGlassRoleArn, TENANT_ROLE_PATH, TENANT_TAG, tenantNames } from '../../contract/naming';
import { tenantKeyPolicy } from '../../key/key-policy';
import { settled } from '../../shared/settled';
import { type Check, checksOf, expectEqual, expectExactly, finding } from '../check';
import { mayMeetAll, meetsAll, namesOfLogs, requestOfLogs } from '../comparison/known-requests';
import { denialsLacking, grantsBeyond, grantsLacking } from '../comparison/policy-difference';
import { isAboutSome } from '../comparison/shortfalls';
import { isOfAws, keysNamed } from '../facts/account-facts';
import type { Facts } from '../facts/facts';
import { grantViolations } from '../grants';
import { KEY_METADATA } from '../metadata/key';
import {
  covers,
  forSomebody,
  isCondition,
  nameOf,
  type Statement,
  speaksOf,
  statementsOf,
  whatOf,
  whoOf,
} from '../policy-document';
import type { ExpectedResource } from '../release/resolve-template';
import { logGroupsOf, type Subject, tenantIdOf } from '../subject';

/** The period of KMS, unless somebody chooses another one ("Rotating AWS KMS keys"). */
const DAYS_OF_A_YEAR = 365;
const STORES = ['rds', 's3', 'secretsmanager'] as const;

const isAllowed = (statement: Statement, action: string) =>
  statement.effect === 'Allow' && (statement.inverted || speaksOf(statement, action));

const only = (statement: Statement, ...principals: string[]) =>
  !statement.inverted && statement.principals.every((principal) => principals.includes(principal));

function through(stores: readonly string[], statement: Statement, { region }: Subject): boolean {
  const services = stores.map((store) => `${store}.${region}.amazonaws.com`);
  return statement.conditions.some((condition) => isCondition(condition, ['StringEquals'], 'kms:ViaService', services));
}

/** Days that each log group of the release is kept, by its name. */
const retentionIn = (resources: readonly ExpectedResource[]) =>
  new Map(
    resources
      .filter(({ type }) => type === 'AWS::Logs::LogGroup')
      .map(({ properties }) => [String(properties.LogGroupName), Number(properties.RetentionInDays)]),
  );

/** A group without a retention is kept for ever. */
const forgetsSooner = (days: number | undefined, promised: number | undefined) =>
  days !== undefined && promised !== undefined && days < promised;

/**
 * A statement with a condition on `aws:PrincipalArn` is for the principals of that condition,
 * whomever else it names. What it allows is compared with what the release allows them, not with what
 * IAM may allow administrators. A policy of an earlier release names the same roles without the
 * condition.
 */
function forNamed(statement: Statement): Statement {
  const named = statement.conditions.find(
    ({ operator, key }) =>
      key.toLowerCase() === 'aws:principalarn' && /^(?:arn|string)(?:equals|like)$/i.test(operator),
  );
  if (!named) return statement;
  const principals = named.values.map((arn) => `AWS:${arn}`);
  return { ...statement, principals, conditions: statement.conditions.filter((each) => each !== named) };
}

/** The policy with which this release makes the tenant's key. */
async function expectedPolicy(subject: Subject, { key }: Facts): Promise<Statement[]> {
  const { accountId, region, stackRoleArn } = subject;
  const organizationId = await key.organization();
  return statementsOf(
    tenantKeyPolicy({ tenantId: tenantIdOf(subject), accountId, region, stackRoleArn, organizationId }),
  );
}

const isPlaced = (name: string, { placed }: Subject) => placed.administrators.includes(name);

function isForStoresOnly(statement: Statement, subject: Subject): boolean {
  const forAws = statement.conditions.some((condition) =>
    isCondition(condition, ['Bool'], 'kms:GrantIsForAWSResource', ['true']),
  );
  const named = forNamed(statement);
  const isStacks = only(named, `AWS:${subject.stackRoleArn}`) && through(STORES, statement, subject);
  const isBreakGlass =
    only(named, `AWS:${breakGlassRoleArn(subject.accountId)}`) && through(['rds'], statement, subject);
  return forAws && (isStacks || isBreakGlass);
}

/** What a key that nobody may do it with can never be mended, or retired, by. Every release leaves it to IAM who of the account may. */
const ADMINISTERING = ['kms:DescribeKey', 'kms:PutKeyPolicy', 'kms:ScheduleKeyDeletion'];

/** Actions by which the account has lost its key ("Default key policy": the risk of a key that cannot be managed). */
function unadministered(policy: readonly Statement[], { accountId }: Subject): string[] {
  const account = [`AWS:${accountId}`, `AWS:arn:aws:iam::${accountId}:root`];
  const administering = policy.filter(
    ({ effect, principals, conditions, inverted }) =>
      effect === 'Allow' && !inverted && conditions.length === 0 && principals.some((each) => account.includes(each)),
  );
  return ADMINISTERING.filter((action) => !administering.some((each) => speaksOf(each, action))).map(
    (action) => `the key’s policy does not let the account ${action}`,
  );
}

/**
 * Denials of the key to CloudWatch Logs for one of the tenant's log groups. One that names the service is one unless its conditions
 * spare all these groups. One for everybody may be meant for others: its conditions must certainly be met.
 */
function deniedToLogs(
  policy: readonly Statement[],
  expected: readonly Statement[],
  subject: Subject,
  organizationId: string | undefined,
) {
  const { accountId, region } = subject;
  const named = namesOfLogs(region).map((name) => `Service:${name}`);
  const needed = expected.flatMap(({ actions }) => actions);
  const requests = logGroupsOf(subject).map((name) =>
    requestOfLogs(`arn:aws:logs:${region}:${accountId}:log-group:${name}`, { accountId, region, organizationId }),
  );
  const lists = (principals: readonly string[], names: readonly string[]) =>
    names.some((name) => principals.includes(name));
  const isFor = ({ principals, not }: Statement) =>
    not?.principals ? !lists(not.principals, ['*', ...named]) : lists(principals, ['*', ...named]);
  return policy.filter((each) => {
    const isMet = lists(each.principals, named) ? mayMeetAll : meetsAll;
    return (
      each.effect === 'Deny' &&
      isFor(each) &&
      isAboutSome(each, needed) &&
      requests.some((request) => isMet(each.conditions, request))
    );
  });
}

export const KEY_CHECKS: readonly Check[] = checksOf(KEY_METADATA, {
  'key.usable': async (subject, { facts }) => {
    const [metadata, policy] = await settled([facts.key.metadata(), facts.key.policy()]);
    return finding(
      [
        ...expectEqual('the key’s state', metadata?.KeyState, 'Enabled'),
        ...expectEqual('the key’s manager', metadata?.KeyManager, 'CUSTOMER'),
        ...expectEqual('the key’s origin', metadata?.Origin, 'AWS_KMS'),
        ...expectEqual('the key’s usage', metadata?.KeyUsage, 'ENCRYPT_DECRYPT'),
        ...expectEqual('the key’s multi-Region property', metadata?.MultiRegion ?? false, false),
        ...unadministered(policy, subject),
      ],
      'enabled, customer managed, created by KMS, of one Region',
    );
  },
  'key.tag': async (subject, { facts }) =>
    finding(
      expectEqual(`the key’s tag ${TENANT_TAG}`, (await facts.key.tags())[TENANT_TAG], tenantIdOf(subject)),
      `tagged with ${tenantIdOf(subject)}`,
    ),
  'key.rotation': async (_, { facts }) => {
    const { enabled, periodDays = DAYS_OF_A_YEAR } = await facts.key.rotation();
    return finding(
      [
        ...expectEqual('automatic rotation', enabled, true),
        ...(periodDays > DAYS_OF_A_YEAR ? [`the key rotates every ${periodDays} days, not every year`] : []),
      ],
      `the key rotates every ${periodDays} days`,
    );
  },
  'key.policy': async (subject, { facts }) => {
    const [policy, expected] = await settled([facts.key.policy(), expectedPolicy(subject, facts)]);
    return finding(
      grantsBeyond(forSomebody(policy).map(forNamed), expected.map(forNamed)),
      `${policy.length} statements: the account administers the key, only this tenant uses it`,
    );
  },
  'key.organization': async (subject, { facts }) => {
    const [policy, expected, organizationId] = await settled([
      facts.key.policy(),
      expectedPolicy(subject, facts),
      facts.key.organization(),
    ]);
    return finding(
      denialsLacking(policy, expected).map(
        ({ why }) => `the key’s policy does not deny every principal outside ${organizationId}: ${why}`,
      ),
      organizationId ? `all principals outside ${organizationId} are denied` : 'the account is in no organization',
    );
  },
  'key.policy-account': async (subject, { facts }) => {
    const ours = [`AWS:arn:aws:iam::${subject.accountId}:`, 'Service:'];
    const isOurs = (each: string) =>
      each === `AWS:${subject.accountId}` || ours.some((prefix) => each.startsWith(prefix));
    const named = forSomebody(await facts.key.policy())
      .filter(({ effect }) => effect === 'Allow')
      .flatMap(({ principals, inverted }) =>
        inverted ? ['all principals except those listed (NotPrincipal)'] : principals,
      );
    return finding(
      named.filter((each) => !isOurs(each)).map((each) => `the key’s policy allows ${each}`),
      'every principal is of this account or an AWS service',
    );
  },
  'key.grant-makers': async (subject, { facts }) => {
    const makers = forSomebody(await facts.key.policy()).filter((each) => isAllowed(each, 'kms:CreateGrant'));
    return finding(
      makers
        .filter((each) => !isForStoresOnly(each, subject))
        .map((each) => `statement ${nameOf(each)} lets ${whoOf(each)} create grants`),
      'only the stacks’ role creates grants, through RDS, S3 and Secrets Manager, and the break-glass role, through RDS',
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
  'key.principals': async (subject, { facts }) => {
    const naming = (await facts.account.principals())
      .filter(({ name, arn }) => !isOfAws(arn) && !arn.includes(`:role${TENANT_ROLE_PATH}`) && !isPlaced(name, subject))
      .filter(({ inline, managed }) =>
        [...inline, ...managed].flatMap(keysNamed).some((pattern) => covers(pattern, subject.key.keyArn)),
      );
    return finding(
      naming.map(({ kind, arn }) => `${kind} ${arn} has a policy that names the key`),
      'no other principal’s own policy names the key',
    );
  },
  'key.alias': async (subject, { facts }) => {
    const alias = tenantNames.keyAlias(tenantIdOf(subject));
    const aliases = await facts.key.aliases();
    return finding(expectExactly('alias', aliases, [alias]), `the key’s only alias is ${alias}`);
  },
  'key.logs': async (subject, { facts }) => {
    const [groups, network, database, policy, expected, organizationId] = await settled([
      facts.logs.groups(),
      facts.release.network(),
      facts.release.database(),
      facts.key.policy(),
      expectedPolicy(subject, facts),
      facts.key.organization(),
    ]);
    const ofLogs = expected.filter(({ principals }) => principals.some((each) => each.startsWith('Service:logs.')));
    const retention = retentionIn([...network, ...database]);
    const names = groups.map(({ logGroupName }) => logGroupName);
    return finding(
      [
        ...grantsLacking(policy, ofLogs).map(
          (actions) => `no event is kept: the key’s policy does not let CloudWatch Logs ${actions}`,
        ),
        ...deniedToLogs(policy, ofLogs, subject, organizationId).map(
          (each) => `no event is kept: statement ${nameOf(each)} denies CloudWatch Logs ${whatOf(each)}`,
        ),
        ...logGroupsOf(subject)
          .filter((name) => !names.includes(name))
          .map((name) => `log group ${name} is missing`),
        ...groups.flatMap(({ logGroupName = '', retentionInDays }) =>
          forgetsSooner(retentionInDays, retention.get(logGroupName))
            ? [
                `log group ${logGroupName} is forgotten after ${retentionInDays} days, not ${retention.get(logGroupName)}`,
              ]
            : [],
        ),
        // "Log classes": DELIVERY keeps events for a day or two, whatever the retention.
        ...groups.flatMap(({ logGroupName, logGroupClass = 'STANDARD' }) =>
          logGroupClass === 'STANDARD' ? [] : [`log group ${logGroupName} is of the class ${logGroupClass}`],
        ),
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
