import { settled } from '../../shared/settled';
import type { SessionTerms } from '../../tenants/tenant-session';
import { type Check, type Finding, finding } from '../check';
import type { PROBE_METADATA } from '../metadata/probes';
import { decoyTermsOf, termsOf } from '../probes/terms';
import { bucketOf, roleOf, type Subject, tenantIdOf } from '../subject';
import {
  decoysBucket,
  decoysKey,
  decoysSecret,
  decoysSession,
  deniedOf,
  orShut,
  ownBucket,
  ownKey,
  ownSecret,
  ownSession,
  type Probe,
  resultsOf,
} from './own-doors';

/**
 * AWS must deny every probe, and a denial proves something only beside a grant. So the probes are
 * sent after the same session was allowed its own resource of the same service: a role that AWS does not
 * know everywhere yet is denied everything.
 */
async function allDenied(controls: readonly Probe[], ...probes: readonly Probe[]): Promise<Finding> {
  const shut = deniedOf(await resultsOf(controls.map(([name, send]) => [name, orShut(send)])));
  if (shut.length > 0) {
    const evidence = `could not be answered, as a denial would prove nothing: ${shut.join('; ')}`;
    return { passed: false, unanswered: true, evidence, restsOn: 'role' };
  }
  const sent = probes.map(async ([name, send]) => ((await send()).allowed ? [`${name} was allowed`] : []));
  const found = await Promise.allSettled(sent);
  const violations = found.flatMap((outcome) => (outcome.status === 'fulfilled' ? outcome.value : []));
  // A door that is open is a breach, whether or not the others could be tried.
  if (violations.length === 0) await settled(sent);
  return finding(violations, `denied: ${probes.map(([name]) => name).join(', ')}`);
}

/**
 * AWS must deny a session on these terms to the verifying function, which the tenant's role trusts.
 */
const sessionDenied =
  (name: string, terms: (subject: Subject) => SessionTerms): Check['run'] =>
  (subject, { probes }) =>
    allDenied([ownSession(probes)], [name, () => probes.assumeRole(terms(subject))]);

/** What AWS must deny. */
export const REFUSALS = {
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
  'probes.decoy-bucket': ({ cell: { decoy } }, { probes }) =>
    allDenied(
      [ownBucket(probes), decoysBucket(probes)],
      ['listing the decoy’s bucket', () => probes.tenant.list(decoy.bucketName)],
      ['reading from the decoy’s bucket', probes.decoysObject.readByOther],
      ['writing to the decoy’s bucket', () => probes.tenant.write(decoy.bucketName)],
    ),
  'probes.decoy-key': ({ cell: { decoy } }, { probes }) =>
    allDenied(
      [ownKey(probes), decoysKey(probes)],
      ['use of the decoy’s key', () => probes.tenant.useKey(decoy.keyArn)],
    ),
  'probes.decoy-secret': ({ cell: { decoy } }, { probes }) =>
    allDenied(
      [ownSecret(probes), decoysSecret(probes)],
      ['reading the decoy’s secret', () => probes.tenant.readSecret(decoy.secretArn)],
    ),
  'probes.decoy-role': (subject, { probes }) =>
    allDenied(
      [ownBucket(probes), decoysSession(probes)],
      ['assuming the decoy’s role', () => probes.tenant.assumeRole(decoyTermsOf(subject))],
    ),
  'probes.bucket-from-decoy': (subject, { probes }) =>
    allDenied(
      [ownBucket(probes), decoysBucket(probes)],
      ['the decoy’s listing of this bucket', () => probes.decoy.list(bucketOf(subject))],
      ['the decoy’s read from this bucket', probes.tenantsObject.readByOther],
      ['the decoy’s write to this bucket', () => probes.decoy.write(bucketOf(subject))],
    ),
  'probes.key-from-decoy': ({ key }, { probes }) =>
    allDenied(
      [ownKey(probes), decoysKey(probes)],
      ['the decoy’s use of this key', () => probes.decoy.useKey(key.keyArn)],
    ),
  'probes.secret-from-decoy': ({ stacks }, { probes }) =>
    allDenied(
      [ownSecret(probes), decoysSecret(probes)],
      ['the decoy’s read of this secret', () => probes.decoy.readSecret(stacks.database.outputs.SecretArn)],
    ),
  'probes.role-from-decoy': (subject, { probes }) =>
    allDenied(
      [ownSession(probes), decoysBucket(probes)],
      ['the decoy’s session in this role', () => probes.decoy.assumeRole(termsOf(subject))],
    ),
  'probes.foreign-key-upload': (subject, { probes }) => {
    const encryption = { algorithm: 'aws:kms', keyArn: subject.cell.decoy.keyArn } as const;
    const upload = () => probes.tenant.write(bucketOf(subject), encryption);
    return allDenied([ownBucket(probes)], ['an upload under the decoy’s key', upload]);
  },
  'probes.unkeyed-upload': (subject, { probes }) => {
    const upload = () => probes.tenant.write(bucketOf(subject), { algorithm: 'AES256' });
    return allDenied([ownBucket(probes)], ['an upload without KMS', upload]);
  },
} as const satisfies { readonly [id in (typeof PROBE_METADATA)[number]['id']]?: Check['run'] };
