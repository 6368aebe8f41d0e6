import { PROBE_CHECKS } from '../../../functions/isolation/checks/probes';
import { termsOf } from '../../../functions/isolation/probes/terms';
import { ask, type Scene, testBreaches } from '../../support/breaches';
import { aCell, aKey, aTenant, theStacks } from '../../support/builders';
import { assuming } from '../../support/fake-probes';
import { aSubject } from '../../support/isolated-tenant';

const { host } = aTenant();
const { decoy } = aCell();
const bucket = theStacks().storage.outputs.BucketName;
const secret = theStacks().database.outputs.SecretArn;
type OwnTerms = ReturnType<typeof termsOf>;

const denying =
  (...probes: string[]) =>
  ({ probes: fake }: Scene) => {
    for (const probe of probes) fake.allowed.delete(probe);
  };
const allowing =
  (...probes: string[]) =>
  ({ probes: fake }: Scene) => {
    for (const probe of probes) fake.allowed.add(probe);
  };
const allowingTerms = (change: (terms: OwnTerms) => object) =>
  allowing(`platform ${assuming(change(termsOf(aSubject())) as OwnTerms)}`);

testBreaches(PROBE_CHECKS, [
  ['probes.own-bucket', 'not writable', denying(`tenant put ${bucket}`), 'writing to its own bucket was denied'],
  ['probes.own-bucket', 'not readable', denying(`tenant read ${bucket}`), 'reading from its own bucket was denied'],
  ['probes.own-key', 'denied', denying(`tenant key round trip ${aKey().keyArn}`), 'use of its own key was denied'],
  ['probes.own-secret', 'denied', denying(`tenant read secret ${secret}`), 'reading its own secret was denied'],
  ['probes.own-login', 'not allowed', ({ facts }) => facts.identity.inline.splice(-2, 1), 'the role does not allow'],
  [
    'probes.own-login',
    'out of bounds',
    ({ facts }) => facts.identity.boundary.splice(4, 1),
    'the boundary does not allow',
  ],
  ['probes.own-login', 'for another database', ({ probes }) => (probes.token = 'other:5432/'), 'another database'],
  ['probes.no-external-id', 'allowed', allowingTerms(({ externalId: _, ...terms }) => terms), 'was allowed'],
  [
    'probes.foreign-external-id',
    'let in',
    allowingTerms((terms) => ({ ...terms, externalId: decoy.externalId })),
    'a session with the decoy’s external ID was allowed',
  ],
  [
    'probes.no-session-tag',
    'allowed',
    allowingTerms(({ tenantId: _, ...terms }) => terms),
    'a session without the session tag',
  ],
  [
    'probes.foreign-session-tag',
    'let in',
    allowingTerms((terms) => ({ ...terms, tenantId: decoy.tenantId })),
    'a session with the decoy’s session tag was allowed',
  ],
  [
    'probes.decoy-works',
    'not writable',
    denying(`decoy put ${decoy.bucketName}`),
    'the decoy’s write to its own bucket was denied',
  ],
  [
    'probes.decoy-works',
    'not readable',
    denying(`decoy read ${decoy.bucketName}`),
    'the decoy’s read from its own bucket was denied',
  ],
  [
    'probes.decoy-works',
    'without key',
    denying(`decoy use key ${decoy.keyArn}`),
    'the decoy’s use of its own key was denied',
  ],
  [
    'probes.decoy-works',
    'locked',
    denying(`decoy read secret ${decoy.secretArn}`),
    'the decoy’s read of its own secret was denied',
  ],
  [
    'probes.decoy-bucket',
    'read',
    allowing(`tenant read ${decoy.bucketName}`),
    'reading from the decoy’s bucket was allowed',
  ],
  [
    'probes.decoy-bucket',
    'written',
    allowing(`tenant write ${decoy.bucketName}`),
    'writing to the decoy’s bucket was allowed',
  ],
  ['probes.decoy-key', 'used', allowing(`tenant use key ${decoy.keyArn}`), 'use of the decoy’s key was allowed'],
  [
    'probes.decoy-secret',
    'read',
    allowing(`tenant read secret ${decoy.secretArn}`),
    'reading the decoy’s secret was allowed',
  ],
  [
    'probes.decoy-role',
    'assumed',
    allowing(`tenant ${assuming({ roleArn: decoy.roleArn, externalId: decoy.externalId, tenantId: decoy.tenantId })}`),
    'assuming the decoy’s role was allowed',
  ],
  [
    'probes.bucket-from-decoy',
    'read',
    allowing(`decoy read ${bucket}`),
    'the decoy’s read from this bucket was allowed',
  ],
  [
    'probes.bucket-from-decoy',
    'listed',
    allowing(`decoy list ${bucket}`),
    'the decoy’s listing of this bucket was allowed',
  ],
  [
    'probes.key-from-decoy',
    'used',
    allowing(`decoy use key ${aKey().keyArn}`),
    'the decoy’s use of this key was allowed',
  ],
  [
    'probes.secret-from-decoy',
    'read',
    allowing(`decoy read secret ${secret}`),
    'the decoy’s read of this secret was allowed',
  ],
  [
    'probes.role-from-decoy',
    'assumed',
    allowing(`decoy ${assuming(termsOf(aSubject()))}`),
    'the decoy’s session in this role was allowed',
  ],
  [
    'probes.foreign-key-upload',
    'taken',
    allowing(`tenant write ${bucket} aws:kms ${decoy.keyArn}`),
    'an upload under the decoy’s key was allowed',
  ],
  ['probes.unkeyed-upload', 'taken', allowing(`tenant write ${bucket} AES256`), 'an upload without KMS was allowed'],
  ['probes.host', 'served already', ({ probes }) => (probes.answers[host] = 200), `${host} answers 200`],
  [
    'probes.other-host',
    'a neighbour’s name served',
    ({ probes }) => (probes.answers[`${decoy.tenantId}.${host}`] = 503),
    `${decoy.tenantId}.${host} answers 503, not 404`,
  ],
]);

test.each([
  [200, 'a page', { passed: true }],
  [304, '', { passed: true }],
  // The customer has removed its page.
  [404, 'There is nothing under this name.\n', { passed: true }],
  // The listener has no rule for the host.
  [404, 'answer 404', { passed: false, evidence: expect.stringContaining('the listener’s own answer') }],
  // The shared service restarts.
  [503, '', { passed: false, unanswered: true }],
  [502, '', { passed: false, unanswered: true }],
  // A web ACL refuses an address with too many requests.
  [403, '', { passed: false, unanswered: true }],
  [429, '', { passed: false, unanswered: true }],
])('a routed tenant whose host answers %i (%j)', async (status, body, expected) => {
  const check = PROBE_CHECKS.find(({ id }) => id === 'probes.host');
  if (!check) throw new Error('there is no such check');
  const spoil = ({ probes }: Scene) => {
    probes.answers[host] = status;
    probes.bodies[host] = body;
  };
  const found = await ask(check, spoil, { routed: true });
  expect(found).toMatchObject(expected);
  if (!('unanswered' in expected)) expect(found).not.toHaveProperty('unanswered');
});

/** The object of the probes is under a lock: it cannot be removed again. */
const lock = ({ probes }: Scene) =>
  Object.assign(probes.tenantsObject, { readByOther: () => Promise.reject(new Error('object protected by lock')) });

test('a door that is open is found although another one cannot be tried', async () => {
  const check = PROBE_CHECKS.find(({ id }) => id === 'probes.bucket-from-decoy');
  if (!check) throw new Error('there is no such check');
  await expect(ask(check, lock)).rejects.toThrow('protected by lock');
  const spoil = (scene: Scene) => {
    lock(scene);
    scene.probes.allowed.add(`decoy list ${bucket}`);
  };
  const found = await ask(check, spoil);
  expect(found).toEqual({ passed: false, evidence: 'the decoy’s listing of this bucket was allowed' });
});

test('a web ACL that refuses the request for a neighbour’s name is no breach', async () => {
  const check = PROBE_CHECKS.find(({ id }) => id === 'probes.other-host');
  if (!check) throw new Error('there is no such check');
  const spoil = ({ probes }: Scene) => {
    probes.answers[`${decoy.tenantId}.${host}`] = 403;
  };
  expect(await ask(check, spoil)).toMatchObject({ passed: false, unanswered: true });
});
