import {
  type DBInstance,
  type DBSnapshot,
  DescribeDBSnapshotAttributesCommand,
  type Event,
  type Parameter,
  paginateDescribeDBInstances,
  paginateDescribeDBParameters,
  paginateDescribeDBSnapshots,
  paginateDescribeEvents,
  type RDSClient,
} from '@aws-sdk/client-rds';
import { TENANT_TAG } from '../../contract/naming';
import { everyItem } from '../../shared/paging';
import { settled } from '../../shared/settled';
import { type Subject, tenantIdOf } from '../subject';
import { readOnce, tagsOf } from './reading';

/** Minutes: RDS keeps events for 14 days ("DescribeEvents"). */
const LONGEST = 14 * 24 * 60;

export interface SnapshotFacts {
  readonly snapshot: DBSnapshot;
  /** Accounts that may restore the snapshot; `all` means public. */
  readonly sharedWith: readonly string[];
}

export interface DatabaseFacts {
  readonly instance: () => Promise<DBInstance>;
  /** Undefined when the tenant's plan has no replica. */
  readonly replica: () => Promise<DBInstance | undefined>;
  /** The parameters of the tenant's group that somebody has set. */
  readonly parameters: () => Promise<readonly Parameter[]>;
  /** What happened to the primary in the last 14 days, as far as RDS remembers. */
  readonly events: () => Promise<readonly Event[]>;
  /**
   * Manual snapshots of the tenant's instances, with the tenant's tag or under the tenant's key.
   * Automated snapshots cannot be shared ("ModifyDBSnapshotAttribute").
   */
  readonly manualSnapshots: () => Promise<readonly SnapshotFacts[]>;
}

const filtered = (Values: string[]) => [{ Name: 'db-instance-id', Values }];

/** @throws Error when there is no such instance: then a check about it cannot be answered */
function instanceIn(instances: readonly DBInstance[], id: string): DBInstance {
  const instance = instances.find(({ DBInstanceIdentifier }) => DBInstanceIdentifier === id);
  if (!instance) throw new Error(`RDS knows no instance ${id}`);
  return instance;
}

async function sharing(client: RDSClient, snapshot: DBSnapshot): Promise<SnapshotFacts> {
  const { DBSnapshotAttributesResult } = await client.send(
    new DescribeDBSnapshotAttributesCommand({ DBSnapshotIdentifier: snapshot.DBSnapshotIdentifier }),
  );
  const restore = DBSnapshotAttributesResult?.DBSnapshotAttributes?.find((each) => each.AttributeName === 'restore');
  return { snapshot, sharedWith: restore?.AttributeValues ?? [] };
}

const isOf = ({ DBInstanceIdentifier = '', KmsKeyId, TagList }: DBSnapshot, subject: Subject, ids: readonly string[]) =>
  ids.includes(DBInstanceIdentifier) ||
  KmsKeyId === subject.key.keyArn ||
  tagsOf(TagList)[TENANT_TAG] === tenantIdOf(subject);

export function databaseFacts(client: RDSClient, subject: Subject): DatabaseFacts {
  const { InstanceId, ReplicaId, ParameterGroupName } = subject.stacks.database.outputs;
  const ids = [InstanceId, ...(ReplicaId === undefined ? [] : [ReplicaId])];
  const instances = readOnce(() =>
    everyItem(paginateDescribeDBInstances({ client }, { Filters: filtered(ids) }), (page) => page.DBInstances),
  );
  return {
    instance: async () => instanceIn(await instances(), InstanceId),
    replica: async () => (ReplicaId === undefined ? undefined : instanceIn(await instances(), ReplicaId)),
    parameters: readOnce(() => {
      const set = { DBParameterGroupName: ParameterGroupName, Source: 'user' };
      return everyItem(paginateDescribeDBParameters({ client }, set), (page) => page.Parameters);
    }),
    events: readOnce(() => {
      const ofPrimary = { SourceIdentifier: InstanceId, SourceType: 'db-instance', Duration: LONGEST } as const;
      return everyItem(paginateDescribeEvents({ client }, ofPrimary), (page) => page.Events);
    }),
    manualSnapshots: readOnce(async () => {
      const manual = { SnapshotType: 'manual' };
      const snapshots = await everyItem(paginateDescribeDBSnapshots({ client }, manual), (page) => page.DBSnapshots);
      const own = snapshots.filter((snapshot) => isOf(snapshot, subject, ids));
      return await settled(own.map((snapshot) => sharing(client, snapshot)));
    }),
  };
}
