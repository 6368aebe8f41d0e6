import {
  type DBInstance,
  type Event,
  type Parameter,
  paginateDescribeDBInstances,
  paginateDescribeDBParameters,
  paginateDescribeEvents,
  type RDSClient,
} from '@aws-sdk/client-rds';
import { everyItem } from '../../shared/paging';
import type { Subject } from '../subject';
import { readOnce } from './reading';

/** Minutes: RDS keeps events for 14 days ("DescribeEvents"). */
const LONGEST = 14 * 24 * 60;

export interface DatabaseFacts {
  readonly instance: () => Promise<DBInstance>;
  /** Undefined when the tenant's plan has no replica. */
  readonly replica: () => Promise<DBInstance | undefined>;
  /** By name of the tenant's instances; undefined: RDS has no such instance. */
  readonly statuses: () => Promise<Readonly<Record<string, string | undefined>>>;
  /** The parameters of the tenant's group that somebody has set. */
  readonly parameters: () => Promise<readonly Parameter[]>;
  /** What happened to the primary in the last 14 days, as far as RDS remembers. */
  readonly events: () => Promise<readonly Event[]>;
}

const filtered = (Values: string[]) => [{ Name: 'db-instance-id', Values }];

/** @throws Error when there is no such instance: then a check about it cannot be answered */
function instanceIn(instances: readonly DBInstance[], id: string): DBInstance {
  const instance = instances.find(({ DBInstanceIdentifier }) => DBInstanceIdentifier === id);
  if (!instance) throw new Error(`RDS knows no instance ${id}`);
  return instance;
}

export function databaseFacts(client: RDSClient, subject: Subject): DatabaseFacts {
  const { InstanceId, ReplicaId, ParameterGroupName } = subject.stacks.database.outputs;
  const ids = [InstanceId, ...(ReplicaId === undefined ? [] : [ReplicaId])];
  const instances = readOnce(() =>
    everyItem(paginateDescribeDBInstances({ client }, { Filters: filtered(ids) }), (page) => page.DBInstances),
  );
  return {
    instance: async () => instanceIn(await instances(), InstanceId),
    replica: async () => (ReplicaId === undefined ? undefined : instanceIn(await instances(), ReplicaId)),
    statuses: async () => {
      const found = await instances();
      const statusOf = (id: string) => found.find((each) => each.DBInstanceIdentifier === id)?.DBInstanceStatus;
      return Object.fromEntries(ids.map((id) => [id, statusOf(id)]));
    },
    parameters: readOnce(() => {
      const set = { DBParameterGroupName: ParameterGroupName, Source: 'user' };
      return everyItem(paginateDescribeDBParameters({ client }, set), (page) => page.Parameters);
    }),
    events: readOnce(() => {
      const ofPrimary = { SourceIdentifier: InstanceId, SourceType: 'db-instance', Duration: LONGEST } as const;
      return everyItem(paginateDescribeEvents({ client }, ofPrimary), (page) => page.Events);
    }),
  };
}
