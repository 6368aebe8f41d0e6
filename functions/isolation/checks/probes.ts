import { tenantNames } from '../../contract/naming';
import type { SessionTerms } from '../../tenants/tenant-session';
import { type Check, checksOf, type Finding, finding, type Sources } from '../check';
import { PROBE_METADATA } from '../metadata/probes';
import { CALLERS_TENANT, covers, speaksOf } from '../policy-document';
import type { Attempt } from '../probes/attempt';
import { decoyTermsOf, termsOf } from '../probes/terms';
import { bucketOf, databaseUserArnOf, roleOf, type Subject, tenantIdOf } from '../subject';

/** A probe under way. The probes of one check run side by side. */
type Probe = readonly [name: string, attempt: Promise<Attempt>];

const resultsOf = (probes: readonly Probe[]) =>
  Promise.all(probes.map(async ([name, attempt]) => ({ name, attempt: await attempt })));

/** AWS must allow every probe. */
async function allAllowed(...probes: readonly Probe[]): Promise<Finding> {
  const violations = (await resultsOf(probes)).flatMap(({ name, attempt }) =>
    attempt.allowed ? [] : [`${name} was denied: ${attempt.denial}`],
  );
  return finding(violations, `allowed: ${probes.map(([name]) => name).join(', ')}`);
}

/** AWS must deny every probe. */
async function allDenied(...probes: readonly Probe[]): Promise<Finding> {
  const violations = (await resultsOf(probes)).flatMap(({ name, attempt }) =>
    attempt.allowed ? [`${name} was allowed`] : [],
  );
  return finding(violations, `denied: ${probes.map(([name]) => name).join(', ')}`);
}

/**
 * AWS must deny a session on these terms to the verifying function, which the tenant's role trusts.
 */
const sessionDenied =
  (name: string, terms: (subject: Subject) => SessionTerms): Check['run'] =>
  async (subject, { probes }) =>
    allDenied([name, probes.assumeRole(terms(subject))]);

/**
 * The token is signed locally. Only the database can say whether it accepts the token, and it
 * answers only the cell. So the check reads what RDS will ask IAM: whether role and boundary allow
 * `rds-db:connect` for this user.
 */
async function ownLogin(subject: Subject, { facts, probes }: Sources): Promise<Finding> {
  const { EndpointAddress, EndpointPort } = subject.stacks.database.outputs;
  const tenantId = tenantIdOf(subject);
  const user = databaseUserArnOf(subject);
  const [token, own, boundary] = await Promise.all([
    probes.tenant.signLogin(EndpointAddress, Number(EndpointPort), tenantNames.databaseUser(tenantId)),
    facts.identity.inline(),
    facts.identity.boundary(),
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
    ],
    'the login was signed, and role and boundary allow it; only the cell can try it at the database',
  );
}

export const PROBE_CHECKS: readonly Check[] = checksOf(PROBE_METADATA, {
  'probes.own-bucket': async (_, { probes: { tenantsObject } }) => {
    const writing = await allAllowed(['writing to its own bucket', tenantsObject.written()]);
    return writing.passed ? allAllowed(['reading from its own bucket', tenantsObject.readBack()]) : writing;
  },
  'probes.own-key': async ({ key }, { probes }) =>
    allAllowed(['use of its own key', probes.eventually(() => probes.tenant.keyRoundTrip(key.keyArn))]),
  'probes.own-secret': async ({ stacks }, { probes }) => {
    const { SecretArn } = stacks.database.outputs;
    return allAllowed(['reading its own secret', probes.eventually(() => probes.tenant.readSecret(SecretArn))]);
  },
  'probes.own-login': ownLogin,
  'probes.no-external-id': sessionDenied('a session without the external ID', (subject) => ({
    roleArn: roleOf(subject),
    tenantId: tenantIdOf(subject),
  })),
  'probes.foreign-external-id': sessionDenied('a session with the decoy’s external ID', (subject) => ({
    ...termsOf(subject),
    externalId: subject.cell.decoy.externalId,
  })),
  'probes.no-session-tag': sessionDenied('a session without the session tag', (subject) => ({
    roleArn: roleOf(subject),
    externalId: subject.tenant.externalId,
  })),
  'probes.foreign-session-tag': sessionDenied('a session with the decoy’s session tag', (subject) => ({
    ...termsOf(subject),
    tenantId: subject.cell.decoy.tenantId,
  })),
  'probes.decoy-works': async ({ cell: { decoy } }, { probes }) => {
    const { written, readBack } = probes.decoysObject;
    const writing = await allAllowed(['the decoy’s write to its own bucket', written()]);
    if (!writing.passed) return writing;
    return allAllowed(
      ['the decoy’s read from its own bucket', readBack()],
      ['the decoy’s use of its own key', probes.eventually(() => probes.decoy.useKey(decoy.keyArn))],
      ['the decoy’s read of its own secret', probes.eventually(() => probes.decoy.readSecret(decoy.secretArn))],
    );
  },
  'probes.decoy-bucket': async ({ cell: { decoy } }, { probes: { tenant, decoysObject } }) =>
    allDenied(
      ['listing the decoy’s bucket', tenant.list(decoy.bucketName)],
      ['reading from the decoy’s bucket', decoysObject.readByOther()],
      ['writing to the decoy’s bucket', tenant.write(decoy.bucketName)],
    ),
  'probes.decoy-key': async ({ cell: { decoy } }, { probes }) =>
    allDenied(['use of the decoy’s key', probes.tenant.useKey(decoy.keyArn)]),
  'probes.decoy-secret': async ({ cell: { decoy } }, { probes }) =>
    allDenied(['reading the decoy’s secret', probes.tenant.readSecret(decoy.secretArn)]),
  'probes.decoy-role': async (subject, { probes }) =>
    allDenied(['assuming the decoy’s role', probes.tenant.assumeRole(decoyTermsOf(subject))]),
  'probes.bucket-from-decoy': async (subject, { probes: { decoy, tenantsObject } }) => {
    const bucket = bucketOf(subject);
    return allDenied(
      ['the decoy’s listing of this bucket', decoy.list(bucket)],
      ['the decoy’s read from this bucket', tenantsObject.readByOther()],
      ['the decoy’s write to this bucket', decoy.write(bucket)],
    );
  },
  'probes.key-from-decoy': async ({ key }, { probes }) =>
    allDenied(['the decoy’s use of this key', probes.decoy.useKey(key.keyArn)]),
  'probes.secret-from-decoy': async ({ stacks }, { probes }) =>
    allDenied(['the decoy’s read of this secret', probes.decoy.readSecret(stacks.database.outputs.SecretArn)]),
  'probes.role-from-decoy': async (subject, { probes }) =>
    allDenied(['the decoy’s session in this role', probes.decoy.assumeRole(termsOf(subject))]),
  'probes.foreign-key-upload': async (subject, { probes }) => {
    const { keyArn } = subject.cell.decoy;
    const upload = probes.tenant.write(bucketOf(subject), { algorithm: 'aws:kms', keyArn });
    return allDenied(['an upload under the decoy’s key', upload]);
  },
  'probes.unkeyed-upload': async (subject, { probes }) =>
    allDenied(['an upload without KMS', probes.tenant.write(bucketOf(subject), { algorithm: 'AES256' })]),
  'probes.host': async ({ tenant, routed }, { probes }) => {
    const { status } = await probes.request(tenant.host);
    const expected = routed ? status < 500 && status !== 404 : status === 503;
    return finding(expected ? [] : [`${tenant.host} answers ${status}`], `${tenant.host} answers ${status}`);
  },
  'probes.other-host': async ({ tenant, cell }, { probes }) => {
    const domain = tenant.host.slice(tenant.subdomain.length + 1);
    const others = [`${cell.decoy.tenantId}.${domain}`, `${cell.decoy.tenantId}.${tenant.host}`];
    const answers = await Promise.all(others.map(async (host) => ({ host, ...(await probes.request(host)) })));
    return finding(
      answers.filter(({ status }) => status !== 404).map(({ host, status }) => `${host} answers ${status}, not 404`),
      `404 for ${others.join(' and ')}`,
    );
  },
});
