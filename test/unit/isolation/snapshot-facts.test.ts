import { RDSClient } from '@aws-sdk/client-rds';
import { manualSnapshots, recoveryPoints, snapshotsOfOthers } from '../../../functions/isolation/facts/snapshot-facts';
import { aKey, aTenant, theStacks } from '../../support/builders';
import { awsError, FakeClient } from '../../support/fake-client';
import { aSubject } from '../../support/isolated-tenant';

const { InstanceId, ReplicaId } = theStacks().database.outputs;
const { tenantId } = aTenant();
const snapshot = (DBSnapshotIdentifier: string, DBInstanceIdentifier: string, more: object = {}) => ({
  ...{ DBSnapshotIdentifier, DBInstanceIdentifier, Encrypted: true, SnapshotType: 'manual', ...more },
});
/** RDS. Paginators look for the SDK's own class. */
const rdsWith = (answers: Readonly<Record<string, unknown>>) => {
  const fake = new FakeClient(answers);
  return { fake, rds: Object.assign(Object.create(RDSClient.prototype), { send: fake.send }) };
};

test('an audit keeps the snapshots of databases that no tenant’s stack makes, so the list does not grow with the tenants', async () => {
  const { rds } = rdsWith({
    DescribeDBSnapshotsCommand: {
      DBSnapshots: [
        snapshot('own', InstanceId),
        snapshot('of-replica', ReplicaId ?? ''),
        snapshot('of-a-copy', `${InstanceId}-copy`),
        snapshot('reports', 'reports', {
          TagList: [
            { Key: 'tenantId', Value: tenantId },
            { Key: 'team', Value: 'x' },
          ],
        }),
      ],
    },
  });
  const kept = await snapshotsOfOthers(rds);
  expect(kept.map(({ DBSnapshotIdentifier }) => DBSnapshotIdentifier)).toEqual(['of-a-copy', 'reports']);
  expect(kept[1]?.TagList).toEqual([{ Key: 'tenantId', Value: tenantId }]);
});

test('of what AWS Backup keeps, the newest of each database is listed', async () => {
  const at = (id: string, of: string, day: number) =>
    snapshot(id, of, { SnapshotCreateTime: new Date(Date.UTC(2026, 0, day)) });
  const { rds, fake } = rdsWith({
    DescribeDBSnapshotsCommand: {
      DBSnapshots: [at('newest', InstanceId, 3), at('first', InstanceId, 1), at('x', 'x', 2)],
    },
  });
  const points = await recoveryPoints(rds);
  expect(points.map(({ DBSnapshotIdentifier }) => DBSnapshotIdentifier)).toEqual(['newest', 'x']);
  expect(fake.inputs('DescribeDBSnapshotsCommand')).toMatchObject([{ SnapshotType: 'awsbackup' }]);
});

test('a tenant asks for the snapshots of its own instances, and takes others with its key or tag from the list', async () => {
  const { rds, fake } = rdsWith({
    DescribeDBSnapshotsCommand: { DBSnapshots: [snapshot('own', InstanceId)] },
    DescribeDBSnapshotAttributesCommand: {},
  });
  const others = [
    snapshot('under-key', 'reports', { KmsKeyId: aKey().keyArn }),
    snapshot('tagged', 'reports', { TagList: [{ Key: 'tenantId', Value: tenantId }] }),
    snapshot('of-nobody', 'reports'),
  ];
  const found = await manualSnapshots(rds, aSubject(), async () => others)();
  expect(found.map(({ snapshot: { DBSnapshotIdentifier } }) => DBSnapshotIdentifier)).toEqual([
    ...['own', 'under-key', 'tagged'],
  ]);
  expect(fake.inputs('DescribeDBSnapshotsCommand')).toMatchObject([
    { SnapshotType: 'manual', Filters: [{ Name: 'db-instance-id', Values: [InstanceId, ReplicaId] }] },
  ]);
});

test('a snapshot of the list that is gone meanwhile is none', async () => {
  const { rds } = rdsWith({
    DescribeDBSnapshotsCommand: {},
    DescribeDBSnapshotAttributesCommand: awsError('DBSnapshotNotFoundFault'),
  });
  const others = [snapshot('under-key', 'reports', { KmsKeyId: aKey().keyArn })];
  await expect(manualSnapshots(rds, aSubject(), async () => others)()).resolves.toEqual([]);
});
