import {
  type CloudWatchLogsClient,
  DescribeAccountPoliciesCommand,
  DescribeExportTasksCommand,
  DescribeResourcePoliciesCommand,
  type PolicyScope,
  type PolicyType,
} from '@aws-sdk/client-cloudwatch-logs';
import type { EC2Client } from '@aws-sdk/client-ec2';
import {
  paginateDescribeDBProxies,
  paginateDescribeEventSubscriptions,
  paginateDescribeExportTasks,
  paginateDescribeIntegrations,
  type RDSClient,
} from '@aws-sdk/client-rds';
import * as z from 'zod';
import { isTransient } from '../../contract/errors';
import { translateError } from '../../shared/error-translation';
import { everyItem, pages } from '../../shared/paging';
import { settled } from '../../shared/settled';
import { NotAsked, Unanswered } from '../check';
import { readOnce } from './reading';
import { recoveryPoints, type Snapshot, SnapshotSchema, snapshotsOfOthers } from './snapshot-facts';
import {
  type ResolverAssociation,
  ResolverAssociationSchema,
  type StrangeOptions,
  StrangeOptionsSchema,
  strangeDhcpOptions,
} from './vpc-names';

/** An export that has ended this way has written nothing that stays. */
const OVER = ['CANCELED', 'CANCELLED', 'FAILED'];

const text = z.string().optional();
const ProxySchema = z.object({
  DBProxyName: text,
  VpcId: text,
  Auth: z.array(z.object({ SecretArn: text })).optional(),
  RequireTLS: z.boolean().optional(),
  Endpoint: text,
});
const ExportSchema = z.object({
  ExportTaskIdentifier: text,
  SourceArn: text,
  KmsKeyId: text,
  S3Bucket: text,
  Status: text,
});
const IntegrationSchema = z.object({ IntegrationName: text, SourceArn: text, TargetArn: text, KMSKeyId: text });
const LogExportSchema = z.object({ taskName: text, taskId: text, logGroupName: text, destination: text });
const EventSubscriptionSchema = z.object({
  CustSubscriptionId: text,
  SnsTopicArn: text,
  SourceType: text,
  SourceIdsList: z.array(z.string()).optional(),
});
const LogPolicySchema = z.object({ policyName: text, policyDocument: text });
const LogGrantSchema = LogPolicySchema.extend({ resourceArn: text });

const kept = <T extends z.ZodType>(item: T) =>
  z.union([z.object({ items: z.array(item) }), z.object({ unanswered: z.string() })]);

/** The lists as an audit keeps them. A list that AWS has refused is the reason why, and no empty list. */
export const KeptListsSchema = z.object({
  proxies: kept(ProxySchema),
  exports: kept(ExportSchema),
  integrations: kept(IntegrationSchema),
  logPolicies: kept(LogPolicySchema),
  /** An audit of an earlier release has kept none. */
  logFindings: kept(LogPolicySchema).optional(),
  logGrants: kept(LogGrantSchema).optional(),
  snapshots: kept(SnapshotSchema).optional(),
  recoveryPoints: kept(SnapshotSchema).optional(),
  logExports: kept(LogExportSchema).optional(),
  eventSubscriptions: kept(EventSubscriptionSchema).optional(),
  dhcpOptions: kept(StrangeOptionsSchema).optional(),
  resolver: kept(ResolverAssociationSchema).optional(),
});
export type KeptLists = z.output<typeof KeptListsSchema>;

/** What AWS lists for the whole account alone. The answers are the same for every tenant. */
export interface AccountLists {
  readonly proxies: () => Promise<readonly z.output<typeof ProxySchema>[]>;
  /** Exports of databases and snapshots into buckets that run, or have written something. */
  readonly exports: () => Promise<readonly z.output<typeof ExportSchema>[]>;
  /** Zero-ETL integrations. */
  readonly integrations: () => Promise<readonly z.output<typeof IntegrationSchema>[]>;
  /** Subscriptions of every log group. */
  readonly logPolicies: () => Promise<readonly z.output<typeof LogPolicySchema>[]>;
  /** Data protection of every log group. */
  readonly logFindings: () => Promise<readonly z.output<typeof LogPolicySchema>[]>;
  /** Resource policies of CloudWatch Logs: for all of its resources, or for the one that they name. */
  readonly logGrants: () => Promise<readonly z.output<typeof LogGrantSchema>[]>;
  /** Manual snapshots of databases that no tenant's stack makes. */
  readonly snapshots: () => Promise<readonly Snapshot[]>;
  /** Of each database that AWS Backup keeps, one snapshot. */
  readonly recoveryPoints: () => Promise<readonly Snapshot[]>;
  /** Exports of log groups into buckets that run, or have written something. */
  readonly logExports: () => Promise<readonly z.output<typeof LogExportSchema>[]>;
  /** Who is told of the events of databases. */
  readonly eventSubscriptions: () => Promise<readonly z.output<typeof EventSubscriptionSchema>[]>;
  /** DHCP options that name a strange name server, whichever VPC has them. */
  readonly dhcpOptions: () => Promise<readonly StrangeOptions[]>;
  /** What is associated with VPCs and changes how Route 53 Resolver answers. */
  readonly resolver: () => Promise<readonly ResolverAssociation[]>;
}

export interface AccountListClients {
  readonly rds: RDSClient;
  readonly logs: CloudWatchLogsClient;
  readonly ec2: EC2Client;
  /** Of an audit: a verification does not ask Route 53 Resolver itself, whose client is large. */
  readonly resolver?: (() => Promise<readonly ResolverAssociation[]>) | undefined;
}

/** Asks AWS now. Without an item's other properties: they are nobody's question. */
export function accountLists({ rds: client, logs, ec2, resolver }: AccountListClients): AccountLists {
  const policiesOf = async (policyType: PolicyType) => {
    const { accountPolicies = [] } = await logs.send(new DescribeAccountPoliciesCommand({ policyType }));
    return z.array(LogPolicySchema).parse(accountPolicies);
  };
  const grantsOf = async (policyScope: PolicyScope) => {
    const ask = (nextToken?: string) => logs.send(new DescribeResourcePoliciesCommand({ policyScope, nextToken }));
    return await everyItem(pages(ask, 'nextToken'), (page) => page.resourcePolicies);
  };
  return {
    proxies: readOnce(async () =>
      z.array(ProxySchema).parse(await everyItem(paginateDescribeDBProxies({ client }, {}), (page) => page.DBProxies)),
    ),
    exports: readOnce(async () => {
      const tasks = await everyItem(paginateDescribeExportTasks({ client }, {}), (page) => page.ExportTasks);
      return z.array(ExportSchema).parse(tasks.filter(({ Status = '' }) => !OVER.includes(Status)));
    }),
    integrations: readOnce(async () =>
      z
        .array(IntegrationSchema)
        .parse(await everyItem(paginateDescribeIntegrations({ client }, {}), (page) => page.Integrations)),
    ),
    logPolicies: readOnce(() => policiesOf('SUBSCRIPTION_FILTER_POLICY')),
    logFindings: readOnce(() => policiesOf('DATA_PROTECTION_POLICY')),
    logGrants: readOnce(async () => {
      const found = await settled([grantsOf('ACCOUNT'), grantsOf('RESOURCE')]);
      return z.array(LogGrantSchema).parse(found.flat());
    }),
    snapshots: readOnce(() => snapshotsOfOthers(client)),
    recoveryPoints: readOnce(() => recoveryPoints(client)),
    logExports: readOnce(async () => {
      const ask = (nextToken?: string) => logs.send(new DescribeExportTasksCommand({ nextToken }));
      const tasks = await everyItem(pages(ask, 'nextToken'), (page) => page.exportTasks);
      return z.array(LogExportSchema).parse(tasks.filter(({ status }) => !OVER.includes(status?.code ?? '')));
    }),
    eventSubscriptions: readOnce(async () => {
      const found = await everyItem(
        paginateDescribeEventSubscriptions({ client }, {}),
        (page) => page.EventSubscriptionsList,
      );
      return z.array(EventSubscriptionSchema).parse(found);
    }),
    dhcpOptions: readOnce(() => strangeDhcpOptions(ec2)),
    resolver: readOnce(async () => {
      if (!resolver) throw new NotAsked('no audit has asked Route 53 Resolver in the last 30 hours');
      return await resolver();
    }),
  };
}

async function keep<T>(read: () => Promise<readonly T[]>): Promise<{ items: T[] } | { unanswered: string }> {
  try {
    return { items: [...(await read())] };
  } catch (thrown) {
    const { name, message } = translateError(thrown);
    if (isTransient(name)) throw thrown;
    return { unanswered: message };
  }
}

/**
 * Reads every list once, for all tenants of an audit.
 *
 * @throws what a transient fault of a service throws: then there is no list
 */
export async function keepLists(lists: AccountLists): Promise<KeptLists> {
  const kept = Object.entries(lists).map(async ([name, read]) => [name, await keep<unknown>(read)] as const);
  return KeptListsSchema.parse(Object.fromEntries(await settled(kept)));
}

/** @throws Unanswered when AWS has refused the list to the audit, or an earlier release has kept none */
export function itemsOf<T>(list: { items: T[] } | { unanswered: string } | undefined): T[] {
  if (!list) throw new Unanswered('the audit has not listed it');
  if ('unanswered' in list) throw new Unanswered(`the last audit could not list it: ${list.unanswered}`);
  return list.items;
}

/** The lists as an audit has kept them; asked for now where there is no such audit. */
export function auditedLists(asked: AccountLists, audit: () => Promise<Partial<KeptLists> | undefined>): AccountLists {
  type List<T> = { items: T[] } | { unanswered: string } | undefined;
  const from =
    <T>(list: (lists: Partial<KeptLists>) => List<T>, ask: () => Promise<readonly T[]>) =>
    async () => {
      const lists = await audit();
      const known = lists && list(lists);
      return known ? itemsOf(known) : await ask();
    };
  return {
    proxies: from(({ proxies }) => proxies, asked.proxies),
    exports: from(({ exports }) => exports, asked.exports),
    integrations: from(({ integrations }) => integrations, asked.integrations),
    logPolicies: from(({ logPolicies }) => logPolicies, asked.logPolicies),
    logFindings: from(({ logFindings }) => logFindings, asked.logFindings),
    logGrants: from(({ logGrants }) => logGrants, asked.logGrants),
    snapshots: from(({ snapshots }) => snapshots, asked.snapshots),
    recoveryPoints: from(({ recoveryPoints: points }) => points, asked.recoveryPoints),
    logExports: from(({ logExports }) => logExports, asked.logExports),
    eventSubscriptions: from(({ eventSubscriptions }) => eventSubscriptions, asked.eventSubscriptions),
    dhcpOptions: from(({ dhcpOptions }) => dhcpOptions, asked.dhcpOptions),
    resolver: from(({ resolver }) => resolver, asked.resolver),
  };
}
