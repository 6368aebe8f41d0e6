import { STORAGE_SETTINGS_CHECKS } from '../../../functions/isolation/checks/storage-settings';
import { ask, type Scene, testBreaches } from '../../support/breaches';
import { aTenant } from '../../support/builders';

const COPY = `tenant-${aTenant().tenantId}-copy`;

testBreaches(STORAGE_SETTINGS_CHECKS, [
  [
    'storage.lifecycle',
    'everything goes after a day',
    ({ facts }) => facts.storage.lifecycle.push({ ID: 'clean-up', Status: 'Enabled', Expiration: { Days: 1 } }),
    'objects under "" go after 1 days is unexpected',
  ],
  [
    'storage.lifecycle',
    'earlier versions go sooner',
    ({ facts }) => (facts.storage.lifecycle[0].NoncurrentVersionExpiration.NoncurrentDays = 1),
    'earlier versions under "" go after 1 days is unexpected',
  ],
  [
    'storage.lifecycle',
    'everything is archived',
    ({ facts }) =>
      facts.storage.lifecycle.push({
        ...{ ID: 'save-money', Status: 'Enabled', Filter: {} },
        Transitions: [{ Days: 0, StorageClass: 'DEEP_ARCHIVE' }],
      }),
    'objects under "" cannot be read after 0 days (DEEP_ARCHIVE)',
  ],
  [
    'storage.lifecycle',
    'earlier versions are archived',
    ({ facts }) =>
      facts.storage.lifecycle.push({
        ...{ ID: 'save-money', Status: 'Enabled', Filter: {} },
        NoncurrentVersionTransitions: [{ NoncurrentDays: 1, StorageClass: 'DEEP_ARCHIVE' }],
      }),
    'cannot be read after 1 days as an earlier version (DEEP_ARCHIVE)',
  ],
  [
    'storage.lifecycle',
    'objects are archived that nobody reads',
    ({ facts }) =>
      facts.storage.tiers.push({
        ...{ Id: 'save-money', Status: 'Enabled' },
        Tierings: [{ Days: 90, AccessTier: 'DEEP_ARCHIVE_ACCESS' }],
      }),
    'cannot be read when nobody has read them for 90 days (DEEP_ARCHIVE_ACCESS)',
  ],
  [
    'storage.lifecycle',
    'every object is locked',
    ({ facts }) => (facts.storage.lock = { DefaultRetention: { Mode: 'COMPLIANCE', Years: 10 } }),
    'each object is locked for 10 years (COMPLIANCE)',
  ],
  ['storage.lifecycle', 'gone', ({ facts }) => (facts.storage.lifecycle = []), 'go after 90 days is missing'],
  [
    'storage.cors',
    'every origin',
    ({ facts }) => facts.storage.cors.push({ AllowedOrigins: ['*'], AllowedMethods: ['GET'] }),
    'pages of * may GET objects',
  ],
  [
    'storage.reports',
    'an inventory',
    ({ facts }) => (facts.storage.reports = [{ name: 'inventory daily', bucket: 'arn:aws:s3:::theirs' }]),
    'inventory daily lists the bucket’s objects in arn:aws:s3:::theirs',
  ],
  [
    'storage.notifications',
    'the event bus',
    ({ facts }) => facts.storage.notified.push('the event bus of the account (EventBridge)'),
    'the bucket notifies the event bus',
  ],
  [
    'storage.website',
    'that leads elsewhere',
    ({ facts }) => (facts.storage.website = { RedirectAllRequestsTo: { HostName: 'stranger.example' } }),
    'a website that leads to stranger.example',
  ],
  ['storage.only-one', 'by name', ({ facts }) => facts.storage.named.push(COPY), `bucket ${COPY} has`],
  ['storage.only-one', 'by tag', ({ facts }) => facts.tagged.arns.push('arn:aws:s3:::elsewhere'), 'bucket elsewhere'],
]);

test('objects may move to a class from which they are read at once', async () => {
  const check = STORAGE_SETTINGS_CHECKS.find(({ id }) => id === 'storage.lifecycle');
  if (!check) throw new Error('there is no such check');
  const spoil = ({ facts }: Scene) =>
    facts.storage.lifecycle.push({
      ...{ ID: 'save-money', Status: 'Enabled', Filter: {} },
      Transitions: [{ Days: 90, StorageClass: 'STANDARD_IA' }],
    });
  expect(await ask(check, spoil)).toMatchObject({ passed: true });
});

test('earlier versions may be kept for longer', async () => {
  const check = STORAGE_SETTINGS_CHECKS.find(({ id }) => id === 'storage.lifecycle');
  const spoil = ({ facts }: Scene) => {
    facts.storage.lifecycle[0].NoncurrentVersionExpiration.NoncurrentDays = 3650;
  };
  expect(check && (await ask(check, spoil))).toMatchObject({ passed: true });
});
