import {
  CALLERS_TENANT,
  DATABASE_MASTER,
  functionRoleName,
  TENANT_ROLE_PATH,
  TENANT_TAG,
  tenantIdIn,
  tenantNames,
} from '../../contract/naming';
import { tenantBoundaryStatements } from '../../contract/tenant-boundary';
import { settled } from '../../shared/settled';
import { type Check, checksOf, expectEqual, expectExactly, finding, restingOn } from '../check';
import { coversPattern } from '../comparison/patterns';
import { grantsBeyond } from '../comparison/policy-difference';
import { shortfalls } from '../comparison/shortfalls';
import { namesLogin, type Principal } from '../facts/account-facts';
import type { Facts } from '../facts/facts';
import { SERVICE_ROLES, type ServiceRoleFacts } from '../facts/identity-facts';
import { IDENTITY_METADATA } from '../metadata/identity';
import { forSomebody, isCondition, nameOf, type Statement, speaksOf, statementsOf } from '../policy-document';
import { expectedRole } from '../release/expected';
import { bucketOf, databaseUserArnOf, databaseUserArnsOf, roleOf, type Subject, tenantIdOf } from '../subject';

const LONGEST_SESSION_SECONDS = 3600;
/** What a session in a tenant's role takes. */
const TRUST_ACTIONS = ['sts:AssumeRole', 'sts:TagSession'] as const;
const onlyTags = ({ actions }: Statement) => actions.length > 0 && actions.every((each) => each === 'sts:TagSession');

/** Every action that a role of a tenant needs. The boundary must allow no other. */
const BOUNDARY_ACTIONS = [
  ...['s3:ListBucket', 's3:GetBucketLocation', 's3:GetObject', 's3:GetObjectVersion', 's3:PutObject'],
  ...['s3:DeleteObject', 's3:AbortMultipartUpload'],
  ...['kms:Decrypt', 'kms:GenerateDataKey', 'kms:DescribeKey'],
  ...['secretsmanager:GetSecretValue', 'secretsmanager:DescribeSecret', 'rds-db:connect'],
  ...['logs:CreateLogGroup', 'logs:PutRetentionPolicy', 'logs:CreateLogStream', 'logs:PutLogEvents'],
  ...['logs:DescribeLogStreams', 'logs:GetLogEvents'],
];

/**
 * Whether a statement of the boundary is confined to the tenant whose tag the role carries, by
 * resource name or tag.
 */
function staysInsideTenant(statement: Statement, { region, accountId }: Subject): boolean {
  const osMetrics = `arn:aws:logs:${region}:${accountId}:log-group:RDSOSMetrics*`;
  const byTag = statement.conditions.some((condition) =>
    isCondition(condition, ['StringEquals'], `aws:ResourceTag/${TENANT_TAG}`, [CALLERS_TENANT]),
  );
  return (
    byTag ||
    (statement.resources.length > 0 &&
      statement.resources.every(
        (resource) =>
          resource.includes(CALLERS_TENANT) || resource === osMetrics || resource === `${osMetrics}:log-stream:*`,
      ))
  );
}

function ownResources(subject: Subject): string[] {
  const { key, stacks } = subject;
  const bucket = `arn:aws:s3:::${bucketOf(subject)}`;
  return [bucket, `${bucket}/*`, key.keyArn, stacks.database.outputs.SecretArn, ...databaseUserArnsOf(subject)];
}

const trustedOf = ({ cell, trustedRoleArns }: Subject) =>
  [cell.taskRoleArn, ...trustedRoleArns].map((arn) => `AWS:${arn}`);

const serviceRoleName = (subject: Subject, purpose: string) => `${tenantNames.role(tenantIdOf(subject))}-${purpose}`;

/** Whoever a service's role trusts besides one service that acts for this account. */
const strangersTrustedBy = (trust: readonly Statement[], { accountId }: Subject) =>
  trust
    .filter(({ effect }) => effect === 'Allow')
    .filter(
      ({ inverted, principals, conditions }) =>
        inverted ||
        principals.some((principal) => !principal.startsWith('Service:')) ||
        !conditions.some((each) => isCondition(each, ['StringEquals'], 'aws:SourceAccount', [accountId])),
    )
    .map(({ principals }) => principals.join(', ') || 'others');

/** What a service's role trusts and may do beyond what the tenant's release makes. */
async function beyondRelease(role: ServiceRoleFacts, { release }: Facts): Promise<string[]> {
  const { name, trust, inline, attached } = role;
  const [network, database] = await settled([release.network(), release.database()]);
  const expected = expectedRole([...network, ...database], name);
  return [
    ...grantsBeyond(trust, expected.trust).map((each) => `trust of ${name}: ${each}`),
    ...grantsBeyond(inline, expected.inline).map((each) => `policy of ${name}: ${each}`),
    ...attached.map((arn) => `policy ${arn} is attached to ${name}`),
  ];
}

const isNamedAfter = ({ name, tags }: Principal, subject: Subject) =>
  tags[TENANT_TAG] === tenantIdOf(subject) || tenantIdIn(name) === tenantIdOf(subject);

/**
 * Whether a statement names the login to one of these users. Who may do everything in the account is
 * its administrator: no policy of one tenant keeps an administrator out.
 */
const logsIn = (statement: Statement, users: readonly string[]) =>
  namesLogin(statement) &&
  (statement.not?.resources !== undefined ||
    statement.resources.some((pattern) => users.some((user) => coversPattern(pattern, user))));

/** PrepareDatabase may log in as the master user. `identity.trustees` holds its policy to the release. */
const preparesDatabases = (arn: string, { trustedRoleArns }: Subject) =>
  trustedRoleArns.includes(arn) && arn.endsWith(`/${functionRoleName('PrepareDatabase')}`);

const CHECKS = checksOf(IDENTITY_METADATA, {
  'identity.path': async (subject, { facts }) => {
    const { arn, maxSessionSeconds = 0 } = await facts.identity.role();
    const tooLong = maxSessionSeconds > LONGEST_SESSION_SECONDS ? [`sessions last up to ${maxSessionSeconds} s`] : [];
    return finding(
      [...expectEqual('the role’s ARN', arn, roleOf(subject)), ...tooLong],
      `the role is ${roleOf(subject)}`,
    );
  },
  'identity.tag': async (subject, { facts }) => {
    const { tags } = await facts.identity.role();
    return finding(
      expectEqual(`the role’s tag ${TENANT_TAG}`, tags[TENANT_TAG], tenantIdOf(subject)),
      `tagged with ${tenantIdOf(subject)}`,
    );
  },
  'identity.trust': async (subject, { facts }) => {
    const role = await facts.identity.role();
    const { name } = role;
    const trust = forSomebody(role.trust);
    const allowing = trust.filter(({ effect }) => effect === 'Allow');
    const trustedBy = (statements: readonly Statement[]) => [
      ...new Set(statements.flatMap((each) => (each.inverted ? ['*'] : each.principals))),
    ];
    const byAction = TRUST_ACTIONS.map((action) => trustedBy(allowing.filter((each) => speaksOf(each, action))));
    const expected = trustedOf(subject);
    const strangers = trustedBy(allowing).filter((each) => !expected.includes(each));
    // A role of an earlier release lacks a function of this one: identity.release says so.
    const violations = [
      ...strangers.map((each) => `trusted principal ${each} is unexpected`),
      ...byAction.flatMap((principals, n) => {
        const lacking = trustedBy(allowing).filter((each) => !principals.includes(each));
        return lacking.map((each) => `trusted principal ${each} may not call ${TRUST_ACTIONS[n]}`);
      }),
    ];
    if (violations.length > 0) return finding([...new Set(violations)], '');
    return finding(
      grantsBeyond(trust, expectedRole(await facts.release.access(), name).trust),
      `the role trusts ${trustedBy(allowing).length} roles of the platform to assume it and to tag the session`,
    );
  },
  'identity.release': async (subject, { facts }) => {
    const { name, trust } = await facts.identity.role();
    const trusted = trust.filter(({ effect }) => effect === 'Allow').flatMap(({ principals }) => principals);
    const missing = trustedOf(subject).filter((each) => !trusted.includes(each));
    const { accountId, organizationId } = subject;
    // Whom the release trusts without further terms the role must not ask for more, or deny.
    const short = async () =>
      shortfalls(`the trust of ${name}`, trust, expectedRole(await facts.release.access(), name).trust, {
        ...{ accounts: [accountId], organizationId },
      });
    return finding(
      missing.length > 0
        ? missing.map((each) => `trusted principal ${each} is missing: the access stack is of an earlier release`)
        : await short(),
      'the role trusts every role of this release that needs it',
    );
  },
  'identity.external-id': async (subject, { facts }) => {
    const { trust } = await facts.identity.role();
    const sessionTag = [`aws:RequestTag/${TENANT_TAG}`, tenantIdOf(subject)] as const;
    // `sts:TagSession` knows no external ID. What only tags a session assumes nothing by itself.
    const conditionsOf = (statement: Statement) => [
      ...(onlyTags(statement) ? [] : [['sts:ExternalId', subject.tenant.externalId] as const]),
      sessionTag,
    ];
    const violations = trust
      .filter(({ effect }) => effect === 'Allow')
      .flatMap((statement) =>
        conditionsOf(statement)
          .filter(
            ([key, value]) => !statement.conditions.some((each) => isCondition(each, ['StringEquals'], key, [value])),
          )
          .map(([key]) => `statement ${nameOf(statement)} does not require this tenant’s ${key}`),
      );
    return finding(violations, 'assuming the role requires external ID and session tag');
  },
  'identity.boundary': async (subject, { facts }) => {
    const { boundaryArn } = await facts.identity.role();
    return finding(
      expectEqual('the role’s boundary', boundaryArn, subject.boundaryArn),
      `the boundary is ${subject.boundaryArn}`,
    );
  },
  'identity.boundary-unchanged': async (subject, { facts }) => {
    const allowing = (await facts.identity.boundary()).filter(({ effect }) => effect === 'Allow');
    const wide = allowing.filter((each) => each.inverted || !staysInsideTenant(each, subject));
    const further = allowing.flatMap(({ actions }) => actions).filter((action) => !BOUNDARY_ACTIONS.includes(action));
    return finding(
      [
        ...wide.map((each) => `statement ${nameOf(each)} reaches beyond the tenant: ${each.resources.join(', ')}`),
        ...further.map((action) => `action ${action} is not needed by a tenant’s role`),
        ...grantsBeyond(
          allowing,
          statementsOf({ Statement: tenantBoundaryStatements({ ...subject, partition: 'aws' }) }),
        ),
      ],
      `${allowing.length} Allow statements, all confined to the tenant`,
    );
  },
  'identity.policy': async (subject, { facts }) => {
    const own = ownResources(subject);
    const allowing = (await facts.identity.inline()).filter(({ effect }) => effect === 'Allow');
    const violations = allowing.flatMap((each) => [
      ...(each.inverted ? [`statement ${nameOf(each)} allows all actions or resources except those listed`] : []),
      ...each.actions.filter((a) => a.includes('*')).map((a) => `statement ${nameOf(each)} allows ${a}`),
      ...each.resources.filter((r) => !own.includes(r)).map((r) => `statement ${nameOf(each)} reaches ${r}`),
    ]);
    if (violations.length > 0) return finding(violations, '');
    const expected = expectedRole(await facts.release.access(), tenantNames.role(tenantIdOf(subject))).inline;
    return finding(
      grantsBeyond(allowing, expected),
      `${allowing.length} Allow statements, all on this tenant’s own resources`,
    );
  },
  'identity.attached-policies': async (_, { facts }) =>
    finding(
      (await facts.identity.attached()).map((arn) => `policy ${arn} is attached`),
      'no managed policy is attached',
    ),
  'identity.service-roles': async (subject, { facts }) => {
    const roles = await facts.identity.serviceRoles();
    const expected = SERVICE_ROLES.map((purpose) => `${tenantNames.role(tenantIdOf(subject))}-${purpose}`);
    const violations = roles.flatMap(({ name, boundaryArn, tags, trust }) => [
      ...expectEqual(`boundary of ${name}`, boundaryArn, subject.boundaryArn),
      ...expectEqual(`tag of ${name}`, tags[TENANT_TAG], tenantIdOf(subject)),
      ...strangersTrustedBy(trust, subject).map((each) => `${name} trusts ${each}, not one service for this account`),
    ]);
    const names = expectExactly(
      'service role',
      roles.map(({ name }) => name),
      expected,
    );
    if (names.length + violations.length > 0) return finding([...names, ...violations], '');
    const beyond = (await settled(roles.map((role) => beyondRelease(role, facts)))).flat();
    return finding(beyond, `${roles.length} roles, all as the tenant’s release makes them`);
  },
  'identity.only-roles': async (subject, { facts }) => {
    const own = [tenantNames.role(tenantIdOf(subject)), ...SERVICE_ROLES.map((each) => serviceRoleName(subject, each))];
    const others = (await facts.account.principals()).filter(
      (each) => isNamedAfter(each, subject) && !(each.kind === 'role' && own.includes(each.name)),
    );
    return finding(
      others.map(({ kind, name, arn }) => `${kind} ${name} has the tenant’s name or tag: ${arn}`),
      `no role, user or group but ${own.join(', ')} has the tenant’s name or tag`,
    );
  },
  'identity.logins': async (subject, { facts }) => {
    const users = databaseUserArnsOf(subject);
    const master = databaseUserArnOf(subject).replace(/[^/]*$/, DATABASE_MASTER);
    const allowed = (await facts.account.principals()).filter(
      ({ arn, inline, managed }) =>
        arn !== roleOf(subject) &&
        !arn.includes(`:role${TENANT_ROLE_PATH}`) &&
        [...inline, ...managed].some((each) =>
          logsIn(each, preparesDatabases(arn, subject) ? users : [...users, master]),
        ),
    );
    return finding(
      allowed.map(({ kind, arn }) => `${kind} ${arn} may log in to the tenant’s database (rds-db:connect)`),
      'no other principal’s own policy names rds-db:connect on this database',
    );
  },
});

/** The boundary, and other principals, are older than the tenant's role. */
const isOfRole = ({ id }: Check) => !['identity.boundary-unchanged', 'identity.logins'].includes(id);

export const IDENTITY_CHECKS: readonly Check[] = CHECKS.map((check) =>
  isOfRole(check) ? { ...check, run: restingOn('role', check.run) } : check,
);
