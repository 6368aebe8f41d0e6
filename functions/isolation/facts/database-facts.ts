import {
  type DBInstance,
  type DBSnapshot,
  DescribeDBSnapshotAttributesCommand,
  paginateDescribeDBInstances,
  paginateDescribeDBParameters,
  paginateDescribeDBSnapshots,
  type RDSClient,
} from '@aws-sdk/client-rds';
import { everyItem } from '../../shared/paging';
import { settled } from '../../shared/settled';
import type { Subject } from '../subject';
import { readOnce } from './reading';

const FORCE_TLS = 'rds.force_ssl';

export interface SnapshotFacts {
  readonly snapshot: DBSnapshot;
  /** Accounts that may restore the snapshot; `all` means public. */
  readonly sharedWith: readonly string[];
}

export interface DatabaseFacts {
  readonly instance: () => Promise<DBInstance>;
  /** Undefined when the tenant's plan has no replica. */
  readonly replica: () => Promise<DBInstance | undefined>;
  /** The value of the parameter `rds.force_ssl`: `1` or `0`. */
  readonly forceTls: () => Promise<string | undefined>;
  /** Manual snapshots. Automated snapshots cannot be shared ("ModifyDBSnapshotAttribute"). */
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

export function databaseFacts(client: RDSClient, { stacks }: Subject): DatabaseFacts {
  const { InstanceId, ReplicaId, ParameterGroupName } = stacks.database.outputs;
  const ids = [InstanceId, ...(ReplicaId === undefined ? [] : [ReplicaId])];
  const instances = readOnce(() =>
    everyItem(paginateDescribeDBInstances({ client }, { Filters: filtered(ids) }), (page) => page.DBInstances),
  );
  return {
    instance: async () => instanceIn(await instances(), InstanceId),
    replica: async () => (ReplicaId === undefined ? undefined : instanceIn(await instances(), ReplicaId)),
    forceTls: readOnce(async () => {
      const pages = paginateDescribeDBParameters(
        { client },
        { DBParameterGroupName: ParameterGroupName, Filters: [{ Name: 'parameter-name', Values: [FORCE_TLS] }] },
      );
      const parameters = await everyItem(pages, (page) => page.Parameters);
      return parameters.find(({ ParameterName }) => ParameterName === FORCE_TLS)?.ParameterValue;
    }),
    manualSnapshots: readOnce(async () => {
      const manual = { SnapshotType: 'manual', Filters: filtered(ids) };
      const snapshots = await everyItem(paginateDescribeDBSnapshots({ client }, manual), (page) => page.DBSnapshots);
      return await settled(snapshots.map((snapshot) => sharing(client, snapshot)));
    }),
  };
}
