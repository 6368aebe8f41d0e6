import { STORAGE_SETTINGS_CHECKS } from '../../../functions/isolation/checks/storage-settings';
import { testBreaches } from '../../support/breaches';
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
