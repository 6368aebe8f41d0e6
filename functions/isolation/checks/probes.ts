import { tenantNames } from '../../contract/naming';
import type { SessionTerms } from '../../tenants/tenant-session';
import { type Check, type Finding, finding, type Sources } from '../check';
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
    attempt.allowed ? [] : [`${name} was refused: ${attempt.denial}`],
  );
  return finding(violations, `opened: ${probes.map(([name]) => name).join(', ')}`);
}

/** AWS must deny every probe. */
async function allDenied(...probes: readonly Probe[]): Promise<Finding> {
  const violations = (await resultsOf(probes)).flatMap(({ name, attempt }) =>
    attempt.allowed ? [`${name} was let in`] : [],
  );
  return finding(violations, `refused: ${probes.map(([name]) => name).join(', ')}`);
}

const sessions: readonly (Pick<Check, 'id' | 'title' | 'question'> & {
  readonly what: string;
  readonly terms: (subject: Subject) => SessionTerms;
})[] = [
  {
    id: 'probes.no-external-id',
    title: 'No session without the external id',
    question: 'Is a session for this tenant refused to a caller who names no external id?',
    what: 'a session without the external id',
    terms: (subject) => ({ roleArn: roleOf(subject), tenantId: tenantIdOf(subject) }),
  },
  {
    id: 'probes.foreign-external-id',
    title: 'No session with another tenant’s external id',
    question: 'Is a session for this tenant refused to a caller who names the decoy’s external id?',
    what: 'a session with the decoy’s external id',
    terms: (subject) => ({ ...termsOf(subject), externalId: subject.cell.decoy.externalId }),
  },
  {
    id: 'probes.no-session-tag',
    title: 'No session without the tenant’s tag',
    question: 'Is a session for this tenant refused to a caller who does not tag it with the tenant?',
    what: 'a session without the tag',
    terms: (subject) => ({ roleArn: roleOf(subject), externalId: subject.tenant.externalId }),
  },
  {
    id: 'probes.foreign-session-tag',
    title: 'No session under another tenant’s tag',
    question: 'Is a session for this tenant refused to a caller who tags it with the decoy?',
    what: 'a session with the decoy’s tag',
    terms: (subject) => ({ ...termsOf(subject), tenantId: subject.cell.decoy.tenantId }),
  },
];

const SESSION_CHECKS: readonly Check[] = sessions.map(({ what, terms, ...told }) => ({
  ...told,
  severity: 'critical',
  control: 'SOC 2 CC6.1',
  run: async (subject, { probes }) => allDenied([what, probes.assumeRole(terms(subject))]),
}));

const OWN_CHECKS: readonly Check[] = [
  {
    id: 'probes.own-bucket',
    title: 'The tenant’s role reaches its bucket',
    question: 'Can the shared service, as this tenant, write an object to the tenant’s bucket and read it back?',
    severity: 'high',
    control: 'SOC 2 A1.1',
    run: async (_, { probes: { tenantsObject } }) => {
      const writing = await allAllowed(['writing to its own bucket', tenantsObject.written()]);
      return writing.passed ? allAllowed(['reading from its own bucket', tenantsObject.readBack()]) : writing;
    },
  },
  {
    id: 'probes.own-key',
    title: 'The tenant’s role uses its key',
    question: 'Can the shared service, as this tenant, encrypt and decrypt with the tenant’s key?',
    severity: 'high',
    control: 'SOC 2 A1.1',
    run: async ({ key }, { probes }) =>
      allAllowed(['its own key', probes.eventually(() => probes.tenant.keyRoundTrip(key.keyArn))]),
  },
  {
    id: 'probes.own-secret',
    title: 'The tenant’s role opens its secret',
    question: 'Can the shared service, as this tenant, read the credentials of the tenant’s database?',
    severity: 'high',
    control: 'SOC 2 A1.1',
    run: async ({ stacks }, { probes }) => {
      const { SecretArn } = stacks.database.outputs;
      return allAllowed(['its own secret', probes.eventually(() => probes.tenant.readSecret(SecretArn))]);
    },
  },
  {
    id: 'probes.own-login',
    title: 'The tenant’s role may log in to its database',
    question:
      'Can the shared service, as this tenant, sign a login that its role and its boundary allow for this database?',
    severity: 'high',
    control: 'FSBP RDS.10, SOC 2 A1.1',
    run: loginOf,
  },
];

/**
 * A token is made on the spot, and only the database can say that it takes it; the database answers the cell alone. What
 * RDS will ask IAM is read instead: whether role and boundary allow `rds-db:connect` for this user.
 */
async function loginOf(subject: Subject, { facts, probes }: Sources): Promise<Finding> {
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
    'a login can be signed and is allowed; whether the database takes it, the cell alone can try',
  );
}

const CROSS_CHECKS: readonly Check[] = [
  {
    id: 'probes.decoy-works',
    title: 'The decoy’s own probes open to the decoy',
    question:
      'Do the decoy’s bucket, key and secret open to the decoy, so that their refusal to others means something?',
    severity: 'high',
    control: 'SOC 2 CC4.1',
    run: async ({ cell: { decoy } }, { probes }) => {
      const { written, readBack } = probes.decoysObject;
      const writing = await allAllowed(['writing to its bucket', written()]);
      if (!writing.passed) return writing;
      return allAllowed(
        ['reading from its bucket', readBack()],
        ['its key', probes.eventually(() => probes.decoy.useKey(decoy.keyArn))],
        ['its secret', probes.eventually(() => probes.decoy.readSecret(decoy.secretArn))],
      );
    },
  },
  {
    id: 'probes.decoy-bucket',
    title: 'This tenant is refused at another tenant’s bucket',
    question: 'Is listing, reading and writing refused to this tenant at the decoy’s bucket?',
    severity: 'critical',
    control: 'SOC 2 CC6.1',
    run: async ({ cell: { decoy } }, { probes: { tenant, decoysObject } }) =>
      allDenied(
        ['listing', tenant.list(decoy.bucketName)],
        ['reading', decoysObject.readByOther()],
        ['writing', tenant.write(decoy.bucketName)],
      ),
  },
  {
    id: 'probes.decoy-key',
    title: 'This tenant is refused at another tenant’s key',
    question: 'Is the use of the decoy’s key refused to this tenant?',
    severity: 'critical',
    control: 'SOC 2 CC6.1',
    run: async ({ cell: { decoy } }, { probes }) => allDenied(['its key', probes.tenant.useKey(decoy.keyArn)]),
  },
  {
    id: 'probes.decoy-secret',
    title: 'This tenant is refused at another tenant’s secret',
    question: 'Is reading the decoy’s secret refused to this tenant?',
    severity: 'critical',
    control: 'SOC 2 CC6.1',
    run: async ({ cell: { decoy } }, { probes }) =>
      allDenied(['its secret', probes.tenant.readSecret(decoy.secretArn)]),
  },
  {
    id: 'probes.decoy-role',
    title: 'This tenant is refused another tenant’s role',
    question: 'Is the decoy’s role refused to this tenant, even on the right terms?',
    severity: 'critical',
    control: 'SOC 2 CC6.3',
    run: async (subject, { probes }) => allDenied(['its role', probes.tenant.assumeRole(decoyTermsOf(subject))]),
  },
  {
    id: 'probes.bucket-from-decoy',
    title: 'Another tenant is refused at this bucket',
    question: 'Is listing, reading and writing refused to the decoy at this tenant’s bucket?',
    severity: 'critical',
    control: 'SOC 2 CC6.1',
    run: async (subject, { probes: { decoy, tenantsObject } }) => {
      const bucket = bucketOf(subject);
      return allDenied(
        ['listing', decoy.list(bucket)],
        ['reading', tenantsObject.readByOther()],
        ['writing', decoy.write(bucket)],
      );
    },
  },
  {
    id: 'probes.key-from-decoy',
    title: 'Another tenant is refused at this key',
    question: 'Is the use of this tenant’s key refused to the decoy?',
    severity: 'critical',
    control: 'SOC 2 CC6.1',
    run: async ({ key }, { probes }) => allDenied(['its key', probes.decoy.useKey(key.keyArn)]),
  },
  {
    id: 'probes.secret-from-decoy',
    title: 'Another tenant is refused at this secret',
    question: 'Is reading this tenant’s secret refused to the decoy?',
    severity: 'critical',
    control: 'SOC 2 CC6.1',
    run: async ({ stacks }, { probes }) =>
      allDenied(['its secret', probes.decoy.readSecret(stacks.database.outputs.SecretArn)]),
  },
  {
    id: 'probes.role-from-decoy',
    title: 'Another tenant is refused this role',
    question: 'Is this tenant’s role refused to the decoy, even on the right terms?',
    severity: 'critical',
    control: 'SOC 2 CC6.3',
    run: async (subject, { probes }) => allDenied(['its role', probes.decoy.assumeRole(termsOf(subject))]),
  },
  {
    id: 'probes.foreign-key-upload',
    title: 'No upload under another tenant’s key',
    question: 'Is an upload to the tenant’s bucket under the decoy’s key refused to the tenant’s own role?',
    severity: 'critical',
    control: 'FSBP S3.17, SOC 2 CC6.1',
    run: async (subject, { probes }) => {
      const { keyArn } = subject.cell.decoy;
      const under = probes.tenant.write(bucketOf(subject), { algorithm: 'aws:kms', keyArn });
      return allDenied(['an upload under the decoy’s key', under]);
    },
  },
  {
    id: 'probes.unkeyed-upload',
    title: 'No upload without a KMS key',
    question: 'Is an upload to the tenant’s bucket that asks for S3’s own encryption refused to the tenant’s own role?',
    severity: 'high',
    control: 'FSBP S3.17, SOC 2 CC6.1',
    run: async (subject, { probes }) =>
      allDenied(['an upload without KMS', probes.tenant.write(bucketOf(subject), { algorithm: 'AES256' })]),
  },
];

const REQUEST_CHECKS: readonly Check[] = [
  {
    id: 'probes.host',
    title: 'The tenant’s host answers as it should by now',
    question: 'Does a request for the tenant’s host meet a 503 before activation, and the shared service afterwards?',
    severity: 'critical',
    control: 'SOC 2 CC6.6',
    run: async ({ tenant, routed }, { probes }) => {
      const { status } = await probes.request(tenant.host);
      const right = routed ? status < 500 && status !== 404 : status === 503;
      return finding(right ? [] : [`${tenant.host} answers ${status}`], `${tenant.host} answers ${status}`);
    },
  },
  {
    id: 'probes.other-host',
    title: 'Another tenant’s host does not reach this one',
    question: 'Do requests for other hosts, neighbours of this one included, meet the listener’s own 404?',
    severity: 'critical',
    control: 'SOC 2 CC6.6',
    run: async ({ tenant, cell }, { probes }) => {
      const domain = tenant.host.slice(tenant.subdomain.length + 1);
      const others = [`${cell.decoy.tenantId}.${domain}`, `${cell.decoy.tenantId}.${tenant.host}`];
      const answers = await Promise.all(others.map(async (host) => ({ host, ...(await probes.request(host)) })));
      return finding(
        answers.filter(({ status }) => status !== 404).map(({ host, status }) => `${host} answers ${status}, not 404`),
        `404 for ${others.join(' and ')}`,
      );
    },
  },
];

export const PROBE_CHECKS: readonly Check[] = [...OWN_CHECKS, ...SESSION_CHECKS, ...CROSS_CHECKS, ...REQUEST_CHECKS];
