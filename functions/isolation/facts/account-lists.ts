import { type CloudWatchLogsClient, DescribeAccountPoliciesCommand } from '@aws-sdk/client-cloudwatch-logs';
import {
  paginateDescribeDBProxies,
  paginateDescribeExportTasks,
  paginateDescribeIntegrations,
  type RDSClient,
} from '@aws-sdk/client-rds';
import * as z from 'zod';
import { isTransient } from '../../contract/errors';
import { translateError } from '../../shared/error-translation';
import { everyItem } from '../../shared/paging';
import { settled } from '../../shared/settled';
import { Unanswered } from '../check';
import { readOnce } from './reading';

/** An export that has ended this way has written nothing that stays. */
const OVER = ['CANCELED', 'FAILED'];

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
const LogPolicySchema = z.object({ policyName: text, policyDocument: text });

const kept = <T extends z.ZodType>(item: T) =>
  z.union([z.object({ items: z.array(item) }), z.object({ unanswered: z.string() })]);

/** The lists as an audit keeps them. A list that AWS has refused is the reason why, and no empty list. */
export const KeptListsSchema = z.object({
  proxies: kept(ProxySchema),
  exports: kept(ExportSchema),
  integrations: kept(IntegrationSchema),
  logPolicies: kept(LogPolicySchema),
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
}

export interface AccountListClients {
  readonly rds: RDSClient;
  readonly logs: CloudWatchLogsClient;
}

/** Asks AWS now. Without an item's other properties: they are nobody's question. */
export function accountLists({ rds: client, logs }: AccountListClients): AccountLists {
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
    logPolicies: readOnce(async () => {
      const ofType = new DescribeAccountPoliciesCommand({ policyType: 'SUBSCRIPTION_FILTER_POLICY' });
      return z.array(LogPolicySchema).parse((await logs.send(ofType)).accountPolicies ?? []);
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
export async function keepLists({ proxies, exports, integrations, logPolicies }: AccountLists): Promise<KeptLists> {
  const read = await settled([keep(proxies), keep(exports), keep(integrations), keep(logPolicies)]);
  return { proxies: read[0], exports: read[1], integrations: read[2], logPolicies: read[3] };
}

function itemsOf<T>(list: { items: T[] } | { unanswered: string }): T[] {
  if ('unanswered' in list) throw new Unanswered(`the last audit could not list it: ${list.unanswered}`);
  return list.items;
}

/** The lists as an audit has kept them; asked for now where there is no such audit. */
export function auditedLists(asked: AccountLists, audit: () => Promise<KeptLists | undefined>): AccountLists {
  const from =
    <T>(list: (lists: KeptLists) => { items: T[] } | { unanswered: string }, ask: () => Promise<readonly T[]>) =>
    async () => {
      const lists = await audit();
      return lists ? itemsOf(list(lists)) : await ask();
    };
  return {
    proxies: from(({ proxies }) => proxies, asked.proxies),
    exports: from(({ exports }) => exports, asked.exports),
    integrations: from(({ integrations }) => integrations, asked.integrations),
    logPolicies: from(({ logPolicies }) => logPolicies, asked.logPolicies),
  };
}
