import {
  type DBSnapshot,
  DescribeDBSnapshotAttributesCommand,
  paginateDescribeDBSnapshots,
  type RDSClient,
} from '@aws-sdk/client-rds';
import * as z from 'zod';
import { TENANT_TAG, tenantIdIn, tenantNames } from '../../contract/naming';
import { everyItem } from '../../shared/paging';
import { settled } from '../../shared/settled';
import { unlessNamed } from '../../shared/unless';
import { type Subject, tenantIdOf } from '../subject';
import { readOnce, tagsOf } from './reading';

const text = z.string().optional();
/** What a question about a tenant needs of a snapshot. */
export const SnapshotSchema = z.object({
  DBSnapshotIdentifier: text,
  DBInstanceIdentifier: text,
  KmsKeyId: text,
  Encrypted: z.boolean().optional(),
  TagList: z
    .array(z.object({ Key: text, Value: text }))
    .transform((tags) => tags.filter(({ Key }) => Key === TENANT_TAG))
    .optional(),
});
export type Snapshot = z.output<typeof SnapshotSchema>;

export interface SnapshotFacts {
  readonly snapshot: Snapshot;
  /** Accounts that may restore the snapshot; `all` means public. */
  readonly sharedWith: readonly string[];
}

const listed = async (client: RDSClient, of: { readonly SnapshotType: string; readonly ids?: readonly string[] }) => {
  const { SnapshotType, ids } = of;
  const Filters = ids && [{ Name: 'db-instance-id', Values: [...ids] }];
  return await everyItem(
    paginateDescribeDBSnapshots({ client }, { SnapshotType, ...(Filters && { Filters }) }),
    (page) => page.DBSnapshots,
  );
};

/** Whether a database has the name that a tenant's stacks give it: its snapshots are found by that name. */
function isOfTenantsStacks({ DBInstanceIdentifier: name = '' }: DBSnapshot): boolean {
  const tenantId = tenantIdIn(name);
  return tenantId !== undefined && [tenantNames.database(tenantId), tenantNames.replica(tenantId)].includes(name);
}

/** Manual snapshots of databases that no tenant's stack makes. They may be under a tenant's key, or have a tenant's tag. */
export const snapshotsOfOthers = async (client: RDSClient): Promise<Snapshot[]> =>
  z
    .array(SnapshotSchema)
    .parse((await listed(client, { SnapshotType: 'manual' })).filter((each) => !isOfTenantsStacks(each)));

/**
 * The newest snapshot that AWS Backup keeps of each database, in whichever vault ("DescribeDBSnapshots": nobody else sees
 * the type `awsbackup`). One a database is enough to name it, so the list does not grow with the days.
 */
export async function recoveryPoints(client: RDSClient): Promise<Snapshot[]> {
  const all = await listed(client, { SnapshotType: 'awsbackup' });
  const inTurn = all.toSorted(
    (one, other) => (one.SnapshotCreateTime?.getTime() ?? 0) - (other.SnapshotCreateTime?.getTime() ?? 0),
  );
  const newest = new Map(inTurn.map((each) => [each.DBInstanceIdentifier, each]));
  return z.array(SnapshotSchema).parse([...newest.values()]);
}

/** @returns nothing when the snapshot is gone: the list may be of the last audit */
async function sharing(client: RDSClient, snapshot: Snapshot): Promise<SnapshotFacts[]> {
  const request = { DBSnapshotIdentifier: snapshot.DBSnapshotIdentifier };
  const asked = client.send(new DescribeDBSnapshotAttributesCommand(request));
  const answer = await unlessNamed(asked, 'DBSnapshotNotFoundFault', 'DBSnapshotNotFound');
  if (!answer) return [];
  const restore = answer.DBSnapshotAttributesResult?.DBSnapshotAttributes?.find(
    (each) => each.AttributeName === 'restore',
  );
  return [{ snapshot, sharedWith: restore?.AttributeValues ?? [] }];
}

const isOf = ({ KmsKeyId, TagList }: Snapshot, subject: Subject) =>
  KmsKeyId === subject.key.keyArn || tagsOf(TagList)[TENANT_TAG] === tenantIdOf(subject);

/**
 * Manual snapshots of the tenant's instances, and those of other databases with the tenant's tag or under the tenant's
 * key. Automated snapshots cannot be shared ("ModifyDBSnapshotAttribute").
 */
export const manualSnapshots = (client: RDSClient, subject: Subject, others: () => Promise<readonly Snapshot[]>) =>
  readOnce(async (): Promise<readonly SnapshotFacts[]> => {
    const { InstanceId, ReplicaId } = subject.stacks.database.outputs;
    const ids = ReplicaId === undefined ? [InstanceId] : [InstanceId, ReplicaId];
    const [own, further] = await settled([listed(client, { SnapshotType: 'manual', ids }), others()]);
    const found = [...z.array(SnapshotSchema).parse(own), ...further.filter((each) => isOf(each, subject))];
    return (await settled(found.map((snapshot) => sharing(client, snapshot)))).flat();
  });
