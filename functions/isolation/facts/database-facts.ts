import {
  type DBInstance,
  type DBSnapshot,
  DescribeDBInstancesCommand,
  DescribeDBSnapshotAttributesCommand,
  paginateDescribeDBParameters,
  paginateDescribeDBSnapshots,
  type RDSClient,
} from '@aws-sdk/client-rds';
import { everyItem } from '../../shared/paging';
import type { Subject } from '../subject';
import { once } from './reading';

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

async function readInstance(client: RDSClient, DBInstanceIdentifier: string): Promise<DBInstance> {
  const { DBInstances } = await client.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier }));
  const instance = DBInstances?.[0];
  if (!instance) throw new Error(`RDS knows no instance ${DBInstanceIdentifier}`);
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
  return {
    instance: once(() => readInstance(client, InstanceId)),
    replica: once(async () => (ReplicaId === undefined ? undefined : await readInstance(client, ReplicaId))),
    forceTls: once(async () => {
      const pages = paginateDescribeDBParameters(
        { client },
        { DBParameterGroupName: ParameterGroupName, Filters: [{ Name: 'parameter-name', Values: [FORCE_TLS] }] },
      );
      const parameters = await everyItem(pages, (page) => page.Parameters);
      return parameters.find(({ ParameterName }) => ParameterName === FORCE_TLS)?.ParameterValue;
    }),
    manualSnapshots: once(async () => {
      const ids = [InstanceId, ...(ReplicaId === undefined ? [] : [ReplicaId])];
      const snapshots = await Promise.all(
        ids.map((DBInstanceIdentifier) =>
          everyItem(
            paginateDescribeDBSnapshots({ client }, { DBInstanceIdentifier, SnapshotType: 'manual' }),
            (page) => page.DBSnapshots,
          ),
        ),
      );
      return await Promise.all(snapshots.flat().map((snapshot) => sharing(client, snapshot)));
    }),
  };
}
