import { STORAGE_CHECKS } from '../../../functions/isolation/checks/storage';
import { testBreaches } from '../../support/breaches';
import { aCell, aKey, theStacks } from '../../support/builders';
import { type FactData, policyOf } from '../../support/isolated-tenant';

const { decoy } = aCell();
const OTHER_KEY = aKey().keyArn.replace('1234abcd', 'ffffffff');
const bucket = theStacks().storage.outputs.BucketName;
const anyOf = (Action: string, Principal: string, Resource: string) =>
  policyOf({ Sid: 'Added', Principal, Action, Resource });
const without = (sid: string) => (facts: FactData) => {
  facts.storage.policy = facts.storage.policy.filter((each) => each.sid !== sid);
};

testBreaches(STORAGE_CHECKS, [
  ['storage.tag', 'untagged', ({ facts }) => (facts.storage.tags = {}), 'is absent'],
  [
    'storage.encryption',
    'by S3’s own key',
    ({ facts }) => (facts.storage.encryption[0].ApplyServerSideEncryptionByDefault = { SSEAlgorithm: 'AES256' }),
    'the default encryption is AES256',
  ],
  [
    'storage.encryption',
    'by another key',
    ({ facts }) => (facts.storage.encryption[0].ApplyServerSideEncryptionByDefault.KMSMasterKeyID = OTHER_KEY),
    OTHER_KEY,
  ],
  ['storage.other-keys', 'other keys taken', ({ facts }) => without('NoOtherKey')(facts), 'uploads under another key'],
  [
    'storage.other-keys',
    'other encryption taken',
    ({ facts }) => without('NoOtherEncryption')(facts),
    'uploads without KMS',
  ],
  ['storage.other-keys', 'account’s key taken', ({ facts }) => without('NoUnnamedKey')(facts), 'the account’s key'],
  [
    'storage.other-keys',
    'customer’s key taken',
    ({ facts }) => without('NoCustomerKey')(facts),
    'customer-provided key',
  ],
  [
    'storage.other-keys',
    'denied to somebody only',
    ({ facts }) => {
      const denial = facts.storage.policy.find((each: { sid: string }) => each.sid === 'NoOtherKey');
      denial.principals = [`AWS:${decoy.roleArn}`];
    },
    'uploads under another key',
  ],
  ['storage.tls', 'not asked for', ({ facts }) => without('TlsOnly')(facts), 'requests without TLS'],
  [
    'storage.tls',
    'asked for under a further condition',
    ({ facts }) => {
      const denial = facts.storage.policy.find((each: { sid: string }) => each.sid === 'TlsOnly');
      denial.conditions.push({ operator: 'IpAddress', key: 'aws:SourceIp', values: ['10.0.0.0/8'] });
    },
    'requests without TLS',
  ],
  ['storage.role-only', 'open', ({ facts }) => without('DataForTheTenantsRoleOnly')(facts), 'other principals'],
  [
    'storage.role-only',
    'open to the decoy',
    ({ facts }) => {
      const denial = facts.storage.policy.find((each: { sid: string }) => each.sid === 'DataForTheTenantsRoleOnly');
      denial.conditions[0].values.push(decoy.roleArn);
    },
    'other principals',
  ],
  [
    'storage.no-grants',
    'public',
    ({ facts }) => facts.storage.policy.push(...anyOf('s3:GetObject', '*', `arn:aws:s3:::${bucket}/*`)),
    'statement Allow Added grants *',
  ],
  [
    'storage.public-access',
    'unblocked',
    ({ facts }) => (facts.storage.publicAccessBlock.BlockPublicPolicy = false),
    'BlockPublicPolicy is false',
  ],
  ['storage.public-access', 'gone', ({ facts }) => (facts.storage.publicAccessBlock = undefined), 'is absent'],
  ['storage.ownership', 'ACLs on', ({ facts }) => (facts.storage.objectOwnership = 'ObjectWriter'), 'ObjectWriter'],
  ['storage.versioning', 'suspended', ({ facts }) => (facts.storage.versioning = 'Suspended'), 'Suspended'],
  [
    'storage.replication',
    'copied out',
    ({ facts }) => facts.storage.replication.push({ ID: 'out', Destination: { Bucket: 'arn:aws:s3:::theirs' } }),
    'rule out copies objects to arn:aws:s3:::theirs',
  ],
  ['storage.access-points', 'open', ({ facts }) => without('NoAccessPoint')(facts), 'through an access point'],
  [
    'storage.access-logs',
    'sent elsewhere',
    ({ facts }) => (facts.storage.accessLogs.TargetBucket = 'theirs'),
    'is theirs',
  ],
  [
    'storage.access-logs',
    'filed under another tenant’s prefix',
    ({ facts }) => (facts.storage.accessLogs.TargetPrefix = `${decoy.tenantId}/`),
    `the prefix of access logs is ${decoy.tenantId}/`,
  ],
  [
    'storage.access-logs',
    'opened to another account',
    ({ facts }) =>
      (facts.storage.accessLogs.TargetGrants = [
        { Grantee: { Type: 'CanonicalUser', ID: 'stranger' }, Permission: 'READ' },
      ]),
    'access logs are opened to stranger (READ)',
  ],
  [
    'storage.role-only',
    'guarding some keys only',
    ({ facts }) => {
      const denial = facts.storage.policy.find((each: { sid: string }) => each.sid === 'DataForTheTenantsRoleOnly');
      denial.resources = [`arn:aws:s3:::${bucket}/object*`, `arn:aws:s3:::${bucket}/.isolation-probe/*`];
    },
    `resource arn:aws:s3:::${bucket}/* is not in statement DataForTheTenantsRoleOnly`,
  ],
  [
    'storage.role-only',
    'without restoring',
    ({ facts }) => {
      const denial = facts.storage.policy.find((each: { sid: string }) => each.sid === 'DataForTheTenantsRoleOnly');
      denial.actions = denial.actions.filter((action: string) => action !== 's3:RestoreObject');
    },
    'action s3:restoreobject is not in statement',
  ],
  ['storage.access-logs', 'off', ({ facts }) => (facts.storage.accessLogs = undefined), 'is absent'],
]);
