import { PROBE_CHECKS } from '../../../functions/isolation/checks/probes';
import { termsOf } from '../../../functions/isolation/probes/terms';
import { ask, type Scene, testBreaches } from '../../support/breaches';
import { aCell, aKey, aTenant, theStacks } from '../../support/builders';
import { takingOn } from '../../support/fake-doors';
import { aSubject } from '../../support/isolated-tenant';

const { host } = aTenant();
const { decoy } = aCell();
const bucket = theStacks().storage.outputs.BucketName;
const secret = theStacks().database.outputs.SecretArn;
type OwnTerms = ReturnType<typeof termsOf>;

const shut =
  (...doors: string[]) =>
  ({ doors: fake }: Scene) => {
    for (const door of doors) fake.open.delete(door);
  };
const opening =
  (...doors: string[]) =>
  ({ doors: fake }: Scene) => {
    for (const door of doors) fake.open.add(door);
  };
const opensOn = (change: (terms: OwnTerms) => object) =>
  opening(`platform ${takingOn(change(termsOf(aSubject())) as OwnTerms)}`);

testBreaches(PROBE_CHECKS, [
  ['probes.own-bucket', 'not writable', shut(`tenant put ${bucket}`), 'writing to its own bucket was refused'],
  ['probes.own-bucket', 'not readable', shut(`tenant read ${bucket}`), 'reading from its own bucket was refused'],
  ['probes.own-key', 'shut', shut(`tenant key round trip ${aKey().keyArn}`), 'its own key was refused'],
  ['probes.own-secret', 'shut', shut(`tenant read secret ${secret}`), 'its own secret was refused'],
  ['probes.own-login', 'not allowed', ({ facts }) => facts.identity.inline.pop(), 'the role does not allow'],
  [
    'probes.own-login',
    'out of bounds',
    ({ facts }) => facts.identity.boundary.splice(2, 1),
    'the boundary does not allow',
  ],
  ['probes.own-login', 'for another database', ({ doors }) => (doors.token = 'other:5432/'), 'another database'],
  ['probes.no-external-id', 'let in', opensOn(({ externalId: _, ...terms }) => terms), 'was let in'],
  [
    'probes.foreign-external-id',
    'let in',
    opensOn((terms) => ({ ...terms, externalId: decoy.externalId })),
    'a session with the decoy’s external id was let in',
  ],
  ['probes.no-session-tag', 'let in', opensOn(({ tenantId: _, ...terms }) => terms), 'a session without the tag'],
  [
    'probes.foreign-session-tag',
    'let in',
    opensOn((terms) => ({ ...terms, tenantId: decoy.tenantId })),
    'a session with the decoy’s tag was let in',
  ],
  ['probes.decoy-works', 'not writable', shut(`decoy put ${decoy.bucketName}`), 'writing to its bucket was refused'],
  ['probes.decoy-works', 'not readable', shut(`decoy read ${decoy.bucketName}`), 'reading from its bucket was refused'],
  ['probes.decoy-works', 'without key', shut(`decoy use key ${decoy.keyArn}`), 'its key was refused'],
  ['probes.decoy-works', 'locked', shut(`decoy read secret ${decoy.secretArn}`), 'its secret was refused'],
  ['probes.decoy-bucket', 'read', opening(`tenant read ${decoy.bucketName}`), 'reading was let in'],
  ['probes.decoy-bucket', 'written', opening(`tenant write ${decoy.bucketName}`), 'writing was let in'],
  ['probes.decoy-key', 'used', opening(`tenant use key ${decoy.keyArn}`), 'its key was let in'],
  ['probes.decoy-secret', 'read', opening(`tenant read secret ${decoy.secretArn}`), 'its secret was let in'],
  [
    'probes.decoy-role',
    'taken on',
    opening(`tenant ${takingOn({ roleArn: decoy.roleArn, externalId: decoy.externalId, tenantId: decoy.tenantId })}`),
    'its role was let in',
  ],
  ['probes.bucket-from-decoy', 'read', opening(`decoy read ${bucket}`), 'reading was let in'],
  ['probes.bucket-from-decoy', 'listed', opening(`decoy list ${bucket}`), 'listing was let in'],
  ['probes.key-from-decoy', 'used', opening(`decoy use key ${aKey().keyArn}`), 'its key was let in'],
  ['probes.secret-from-decoy', 'read', opening(`decoy read secret ${secret}`), 'its secret was let in'],
  ['probes.role-from-decoy', 'taken on', opening(`decoy ${takingOn(termsOf(aSubject()))}`), 'its role was let in'],
  [
    'probes.foreign-key-upload',
    'taken',
    opening(`tenant write ${bucket} aws:kms ${decoy.keyArn}`),
    'an upload under the decoy’s key was let in',
  ],
  ['probes.unkeyed-upload', 'taken', opening(`tenant write ${bucket} AES256`), 'an upload without KMS was let in'],
  ['probes.host', 'served already', ({ doors }) => (doors.answers[host] = 200), `${host} answers 200`],
  [
    'probes.other-host',
    'a neighbour’s name served',
    ({ doors }) => (doors.answers[`${decoy.tenantId}.${host}`] = 503),
    `${decoy.tenantId}.${host} answers 503, not 404`,
  ],
]);

test.each([
  [200, true],
  [304, true],
  [503, false],
  [404, false],
])('a routed tenant whose host answers %i: %s', async (status, passed) => {
  const check = PROBE_CHECKS.find(({ id }) => id === 'probes.host');
  if (!check) throw new Error('there is no such check');
  const spoil = ({ doors }: Scene) => {
    doors.answers[host] = status;
  };
  expect(await ask(check, spoil, { routed: true })).toMatchObject({ passed });
});
