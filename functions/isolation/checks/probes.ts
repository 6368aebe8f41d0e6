import { tenantNames } from '../../contract/naming';
import { type Check, type Finding, type Sources, unless } from '../check';
import { CALLERS_TENANT, covers, speaksOf } from '../policy-document';
import type { Attempt } from '../probes/attempt';
import type { Terms } from '../probes/doors';
import { decoyTermsOf, termsOf } from '../probes/terms';
import { bucketOf, databaseUserArnOf, roleOf, type Subject, tenantIdOf } from '../subject';

/** A door that is being tried; those of one check are tried side by side. */
type Door = readonly [name: string, attempt: Promise<Attempt>];

const tried = (doors: readonly Door[]) =>
  Promise.all(doors.map(async ([name, attempt]) => ({ name, attempt: await attempt })));

/** Every door must open. */
async function opened(...doors: readonly Door[]): Promise<Finding> {
  const objections = (await tried(doors)).flatMap(({ name, attempt }) =>
    attempt.opened ? [] : [`${name} was refused: ${attempt.refusal}`],
  );
  return unless(objections, `opened: ${doors.map(([name]) => name).join(', ')}`);
}

/** Every door must be refused. */
async function refused(...doors: readonly Door[]): Promise<Finding> {
  const objections = (await tried(doors)).flatMap(({ name, attempt }) =>
    attempt.opened ? [`${name} was let in`] : [],
  );
  return unless(objections, `refused: ${doors.map(([name]) => name).join(', ')}`);
}

const sessions: readonly (Pick<Check, 'id' | 'title' | 'question'> & {
  readonly what: string;
  readonly terms: (subject: Subject) => Terms;
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
  run: async (subject, { doors }) => refused([what, doors.takeOn(terms(subject))]),
}));

const OWN_CHECKS: readonly Check[] = [
  {
    id: 'probes.own-bucket',
    title: 'The tenant’s role reaches its bucket',
    question: 'Can the shared service, as this tenant, write an object to the tenant’s bucket and read it back?',
    severity: 'high',
    control: 'SOC 2 A1.1',
    run: async (_, { doors: { tenantsObject } }) => {
      const writing = await opened(['writing to its own bucket', tenantsObject.written()]);
      return writing.passed ? opened(['reading from its own bucket', tenantsObject.readBack()]) : writing;
    },
  },
  {
    id: 'probes.own-key',
    title: 'The tenant’s role uses its key',
    question: 'Can the shared service, as this tenant, encrypt and decrypt with the tenant’s key?',
    severity: 'high',
    control: 'SOC 2 A1.1',
    run: async ({ key }, { doors }) =>
      opened(['its own key', doors.eventually(() => doors.tenant.keyRoundTrip(key.keyArn))]),
  },
  {
    id: 'probes.own-secret',
    title: 'The tenant’s role opens its secret',
    question: 'Can the shared service, as this tenant, read the credentials of the tenant’s database?',
    severity: 'high',
    control: 'SOC 2 A1.1',
    run: async ({ stacks }, { doors }) => {
      const { SecretArn } = stacks.database.outputs;
      return opened(['its own secret', doors.eventually(() => doors.tenant.readSecret(SecretArn))]);
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
async function loginOf(subject: Subject, { facts, doors }: Sources): Promise<Finding> {
  const { EndpointAddress, EndpointPort } = subject.stacks.database.outputs;
  const tenantId = tenantIdOf(subject);
  const user = databaseUserArnOf(subject);
  const [token, own, boundary] = await Promise.all([
    doors.tenant.signLogin(EndpointAddress, Number(EndpointPort), tenantNames.databaseUser(tenantId)),
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
  return unless(
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
    title: 'The decoy’s own doors open to the decoy',
    question:
      'Do the decoy’s bucket, key and secret open to the decoy, so that their refusal to others means something?',
    severity: 'high',
    control: 'SOC 2 CC4.1',
    run: async ({ cell: { decoy } }, { doors }) => {
      const { written, readBack } = doors.decoysObject;
      const writing = await opened(['writing to its bucket', written()]);
      if (!writing.passed) return writing;
      return opened(
        ['reading from its bucket', readBack()],
        ['its key', doors.eventually(() => doors.decoy.useKey(decoy.keyArn))],
        ['its secret', doors.eventually(() => doors.decoy.readSecret(decoy.secretArn))],
      );
    },
  },
  {
    id: 'probes.decoy-bucket',
    title: 'This tenant is refused at another tenant’s bucket',
    question: 'Is listing, reading and writing refused to this tenant at the decoy’s bucket?',
    severity: 'critical',
    control: 'SOC 2 CC6.1',
    run: async ({ cell: { decoy } }, { doors: { tenant, decoysObject } }) =>
      refused(
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
    run: async ({ cell: { decoy } }, { doors }) => refused(['its key', doors.tenant.useKey(decoy.keyArn)]),
  },
  {
    id: 'probes.decoy-secret',
    title: 'This tenant is refused at another tenant’s secret',
    question: 'Is reading the decoy’s secret refused to this tenant?',
    severity: 'critical',
    control: 'SOC 2 CC6.1',
    run: async ({ cell: { decoy } }, { doors }) => refused(['its secret', doors.tenant.readSecret(decoy.secretArn)]),
  },
  {
    id: 'probes.decoy-role',
    title: 'This tenant is refused another tenant’s role',
    question: 'Is the decoy’s role refused to this tenant, even on the right terms?',
    severity: 'critical',
    control: 'SOC 2 CC6.3',
    run: async (subject, { doors }) => refused(['its role', doors.tenant.takeOn(decoyTermsOf(subject))]),
  },
  {
    id: 'probes.bucket-from-decoy',
    title: 'Another tenant is refused at this bucket',
    question: 'Is listing, reading and writing refused to the decoy at this tenant’s bucket?',
    severity: 'critical',
    control: 'SOC 2 CC6.1',
    run: async (subject, { doors: { decoy, tenantsObject } }) => {
      const bucket = bucketOf(subject);
      return refused(
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
    run: async ({ key }, { doors }) => refused(['its key', doors.decoy.useKey(key.keyArn)]),
  },
  {
    id: 'probes.secret-from-decoy',
    title: 'Another tenant is refused at this secret',
    question: 'Is reading this tenant’s secret refused to the decoy?',
    severity: 'critical',
    control: 'SOC 2 CC6.1',
    run: async ({ stacks }, { doors }) =>
      refused(['its secret', doors.decoy.readSecret(stacks.database.outputs.SecretArn)]),
  },
  {
    id: 'probes.role-from-decoy',
    title: 'Another tenant is refused this role',
    question: 'Is this tenant’s role refused to the decoy, even on the right terms?',
    severity: 'critical',
    control: 'SOC 2 CC6.3',
    run: async (subject, { doors }) => refused(['its role', doors.decoy.takeOn(termsOf(subject))]),
  },
  {
    id: 'probes.foreign-key-upload',
    title: 'No upload under another tenant’s key',
    question: 'Is an upload to the tenant’s bucket under the decoy’s key refused to the tenant’s own role?',
    severity: 'critical',
    control: 'FSBP S3.17, SOC 2 CC6.1',
    run: async (subject, { doors }) => {
      const { keyArn } = subject.cell.decoy;
      const under = doors.tenant.write(bucketOf(subject), { algorithm: 'aws:kms', keyArn });
      return refused(['an upload under the decoy’s key', under]);
    },
  },
  {
    id: 'probes.unkeyed-upload',
    title: 'No upload without a KMS key',
    question: 'Is an upload to the tenant’s bucket that asks for S3’s own encryption refused to the tenant’s own role?',
    severity: 'high',
    control: 'FSBP S3.17, SOC 2 CC6.1',
    run: async (subject, { doors }) =>
      refused(['an upload without KMS', doors.tenant.write(bucketOf(subject), { algorithm: 'AES256' })]),
  },
];

const REQUEST_CHECKS: readonly Check[] = [
  {
    id: 'probes.host',
    title: 'The tenant’s host answers as it should by now',
    question: 'Does a request for the tenant’s host meet a 503 before activation, and the shared service afterwards?',
    severity: 'critical',
    control: 'SOC 2 CC6.6',
    run: async ({ tenant, routed }, { doors }) => {
      const { status } = await doors.request(tenant.host);
      const right = routed ? status < 500 && status !== 404 : status === 503;
      return unless(right ? [] : [`${tenant.host} answers ${status}`], `${tenant.host} answers ${status}`);
    },
  },
  {
    id: 'probes.other-host',
    title: 'Another tenant’s host does not reach this one',
    question: 'Do requests for other hosts, neighbours of this one included, meet the listener’s own 404?',
    severity: 'critical',
    control: 'SOC 2 CC6.6',
    run: async ({ tenant, cell }, { doors }) => {
      const domain = tenant.host.slice(tenant.subdomain.length + 1);
      const others = [`${cell.decoy.tenantId}.${domain}`, `${cell.decoy.tenantId}.${tenant.host}`];
      const answers = await Promise.all(others.map(async (host) => ({ host, ...(await doors.request(host)) })));
      return unless(
        answers.filter(({ status }) => status !== 404).map(({ host, status }) => `${host} answers ${status}, not 404`),
        `404 for ${others.join(' and ')}`,
      );
    },
  },
];

export const PROBE_CHECKS: readonly Check[] = [...OWN_CHECKS, ...SESSION_CHECKS, ...CROSS_CHECKS, ...REQUEST_CHECKS];
