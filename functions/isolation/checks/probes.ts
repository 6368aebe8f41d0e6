import { isRefusedByWebAcl } from '../../compute/tenant-page';
import { CALLERS_TENANT, TENANT_TAG, tenantNames } from '../../contract/naming';
import { settled } from '../../shared/settled';
import { type Check, checksOf, type Finding, finding, restingOn, type Sources } from '../check';
import { denialsOf, shortfalls } from '../comparison/shortfalls';
import { PROBE_METADATA } from '../metadata/probes';
import { covers, type Statement, speaksOf } from '../policy-document';
import { expectedRole } from '../release/expected';
import { databaseUserArnOf, roleOf, type Subject, tenantIdOf } from '../subject';
import { allAllowed, decoysKey, decoysSecret, ownKey, ownSecret, type Probe } from './own-doors';
import { REFUSALS } from './refusals';

/**
 * The token is signed locally. Only the database can say whether it accepts the token, and it
 * answers only the cell. So the check reads what RDS will ask IAM: whether role and boundary allow
 * `rds-db:connect` for this user.
 */
async function ownLogin(subject: Subject, sources: Sources): Promise<Finding> {
  const { facts, probes } = sources;
  const { EndpointAddress, EndpointPort } = subject.stacks.database.outputs;
  const tenantId = tenantIdOf(subject);
  const user = databaseUserArnOf(subject);
  const [token, own, boundary, short] = await settled([
    probes.tenant.signLogin(EndpointAddress, Number(EndpointPort), tenantNames.databaseUser(tenantId)),
    facts.identity.inline(),
    facts.identity.boundary(),
    shortOf(subject, sources, 'rds-db'),
  ]);
  const allows = (statements: typeof own) =>
    statements.some(
      (each) =>
        each.effect === 'Allow' &&
        speaksOf(each, 'rds-db:connect') &&
        each.resources.some((pattern) => covers(pattern.replace(CALLERS_TENANT, tenantId), user)),
    );
  return finding(
    [
      ...(token.startsWith(`${EndpointAddress}:${EndpointPort}/`) ? [] : ['the token is for another database']),
      ...(allows(own) ? [] : [`the role does not allow rds-db:connect on ${user}`]),
      ...(allows(boundary) ? [] : [`the boundary does not allow rds-db:connect on ${user}`]),
      ...short,
    ],
    'the login was signed, and role and boundary allow it; only the cell can try it at the database',
  );
}

/** What role and bucket would not let the service do, although they let it do what the probe does: the probe writes one object. */
async function shortOf(subject: Subject, { facts }: Sources, service: string): Promise<string[]> {
  const { accountId, organizationId } = subject;
  const name = tenantNames.role(tenantIdOf(subject));
  const [inline, access] = await settled([facts.identity.inline(), facts.release.access()]);
  const isOf = ({ actions, not }: Statement) =>
    not?.actions !== undefined || actions.some((each) => each === '*' || each.toLowerCase().startsWith(`${service}:`));
  const expected = expectedRole(access, name).inline.filter(isOf);
  const own = { accounts: [accountId], organizationId };
  return shortfalls(`the policy of ${name}`, inline.filter(isOf), expected, own);
}

/** The same door in full: a violation for whatever of it is shut, whether or not it could be tried. */
async function inFull(trying: Promise<Finding>, shut: () => Promise<string[]>): Promise<Finding> {
  const [tried] = await Promise.allSettled([trying]);
  if (tried.status === 'fulfilled' && !tried.value.passed) return tried.value;
  const found = finding(await shut(), '');
  if (!found.passed) return { ...found, restsOn: 'role' };
  if (tried.status === 'rejected') throw tried.reason;
  return tried.value;
}

async function ownBucket({ tenantsObject }: Sources['probes']): Promise<Finding> {
  const writing = await allAllowed(['writing to its own bucket', tenantsObject.written]);
  return writing.passed ? await allAllowed(['reading from its own bucket', tenantsObject.readBack]) : writing;
}

/** The decoy's resources are not the tenant's: when the decoy is denied them, the check is unanswered. */
async function decoysDoors(...probes: readonly Probe[]): Promise<Finding> {
  const { passed, evidence } = await allAllowed(...probes);
  return passed ? { passed, evidence } : { passed, evidence, unanswered: true };
}

/** A web ACL answers an address that has sent too many requests: that says nothing about routes. */
const refusedByWebAcl = (answer: string): Finding => ({
  passed: false,
  unanswered: true,
  evidence: `${answer}, as a web ACL does`,
});

const CHECKS = checksOf(PROBE_METADATA, {
  ...REFUSALS,
  'probes.own-bucket': async (subject, sources) => {
    const { facts, probes } = sources;
    return await inFull(ownBucket(probes), async () => {
      const [short, policy, inline, organizationId] = await settled([
        shortOf(subject, sources, 's3'),
        facts.storage.policy(),
        facts.identity.inline(),
        facts.key.organization(),
      ]);
      const tags = { [TENANT_TAG]: tenantIdOf(subject) };
      return [...short, ...denialsOf(policy, { roleArn: roleOf(subject), tags, organizationId }, inline)];
    });
  },
  'probes.own-key': async (subject, sources) =>
    inFull(allAllowed(ownKey(sources.probes)), () => shortOf(subject, sources, 'kms')),
  'probes.own-secret': async (subject, sources) =>
    inFull(allAllowed(ownSecret(sources.probes)), () => shortOf(subject, sources, 'secretsmanager')),
  'probes.own-login': restingOn('role', ownLogin),
  'probes.decoy-works': async (_, { probes }) => {
    const { written, readBack } = probes.decoysObject;
    const writing = await decoysDoors(['the decoy’s write to its own bucket', written]);
    if (!writing.passed) return writing;
    return decoysDoors(['the decoy’s read from its own bucket', readBack], decoysKey(probes), decoysSecret(probes));
  },
  'probes.host': restingOn('rule', async ({ tenant, routed }, { probes, facts }) => {
    const { status, body } = await probes.request(tenant.host);
    const answer = `${tenant.host} answers ${status}`;
    if (isRefusedByWebAcl(status)) return refusedByWebAcl(answer);
    if (!routed) return finding(status === 503 ? [] : [answer], answer);
    // The service restarts, or has no healthy task: that says nothing about who reaches the tenant.
    if (status >= 500) return { passed: false, unanswered: true, evidence: `${answer}: nobody serves it now` };
    const [refusal] = (await facts.routing.listener())?.DefaultActions ?? [];
    // A customer may remove its page: then the shared service answers 404, with a line break at its end.
    const isListeners = status === 404 && body === refusal?.FixedResponseConfig?.MessageBody;
    return finding([], answer, isListeners ? [`${answer}: the listener’s own answer for hosts without a rule`] : []);
  }),
  'probes.other-host': async ({ tenant, cell, routed }, { probes }) => {
    const domain = tenant.host.slice(tenant.subdomain.length + 1);
    const others = [`${cell.decoy.tenantId}.${domain}`, `${cell.decoy.tenantId}.${tenant.host}`];
    const answers = await settled(others.map(async (host) => ({ host, ...(await probes.request(host)) })));
    const refused = answers.find(({ status }) => isRefusedByWebAcl(status));
    if (refused) return refusedByWebAcl(`${refused.host} answers ${refused.status}`);
    const strange = answers.filter(({ status }) => status !== 404);
    const found = finding(
      strange.map(({ host, status }) => `${host} answers ${status}, not 404`),
      `404 for ${others.join(' and ')}`,
    );
    // An operator refuses everybody for a while: that says nothing about who is served. Before activation it is the tenant's own answer.
    const isOutage = routed && strange.length > 0 && strange.every(({ status }) => status >= 500);
    return isOutage ? { ...found, unanswered: true } : found;
  },
});

export const PROBE_CHECKS: readonly Check[] = CHECKS.map((check) =>
  check.id in REFUSALS ? { ...check, refusal: true } : check,
);
