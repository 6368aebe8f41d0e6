import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SQSClient } from '@aws-sdk/client-sqs';
import { SSMClient } from '@aws-sdk/client-ssm';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { Abandoning } from '../../functions/acts/abandon-onboarding';
import { type ActPage, type ActScope, listActs } from '../../functions/acts/act-log';
import { type StartOptions, start } from '../../functions/acts/executions';
import type { Redrive } from '../../functions/acts/redrive-execution';
import type { Replay, Unreadable } from '../../functions/acts/replay-signups';
import { AbandonAnswer, RedriveAnswer, ReplayAnswer, SignupAnswer } from '../../functions/contract/act';
import { ResumeTenantOutput, SuspendTenantOutput } from '../../functions/contract/audit';
import type { RefusedSignup, TenantRecord } from '../../functions/contract/records';
import { settled } from '../../functions/shared/settled';
import { lookUpSubdomain, lookUpTenant } from '../../functions/tenants/tenant-lookup';
import type { TenantsTable } from '../../functions/tenants/tenants-table';
import type { Stage } from '../../infra/config/environments';
import type { Finding } from '../../infra/preflight/finding';
import { connectTo, type StageConnection } from '../stage-connection';
import { type ListedCell, listCells } from './cell-list';
import { examine } from './doctor';
import { type FetchedReport, fetchReport, type ListedReport, listReports } from './evidence';
import { type Ended, type FollowOptions, follow } from './executions';
import { INVOCATION, type Operator, perform } from './perform';
import { type QueueDepth, queueDepth } from './queue-depths';
import { subdomainIn } from './subdomain-in';
import { listTenants, type TenantFilter, type TenantList } from './tenant-list';
import { statusOf, type TenantStatus } from './tenant-status';
import { type Verification, WholeAnswer } from './verification';

/** What to redrive: the latest execution of a tenant, or one execution by its ARN. */
export type RedriveTarget = { readonly tenant: string } | { readonly executionArn: string };

/** Nothing has the name that was typed. */
export class NotFound extends Error {
  override readonly name = 'NotFound';
}

/** Whose acts: of a tenant by any of its names, of the stage as a whole, or all of a day (UTC). */
export type ActsOf = { readonly tenant: string } | Extract<ActScope, { stage: true } | { day: string }>;

const because = (reason: string | undefined) => (reason ? { reason } : {});

/**
 * Everything that an operator can do to one stage. It returns data and prints nothing: what a person reads is written by
 * the commands. A tenant is named by its subdomain (a lost one too), its host or page, its tenant id or its signup id.
 */
export class StageClient {
  readonly sfn: SFNClient;
  readonly table: TenantsTable;
  private readonly sqs: SQSClient;
  private readonly operator: Operator;

  constructor(readonly stage: StageConnection) {
    const { aws, tenantsTableName } = stage;
    this.sfn = new SFNClient(aws);
    this.sqs = new SQSClient(aws);
    this.table = { name: tenantsTableName, client: DynamoDBDocumentClient.from(new DynamoDBClient(aws)) };
    const { performActFunctionName } = stage;
    this.operator = { aws, lambda: new LambdaClient({ ...aws, ...INVOCATION }), performActFunctionName };
  }

  /** @throws Error when the stage is not there, or the credentials are of another account */
  static async connect(stage: Stage): Promise<StageClient> {
    return new StageClient(await connectTo(stage));
  }

  /** @throws PlatformError `InvalidRequest` when no tenant has or had the name; all methods that take a tenant throw it */
  find(tenant: string): Promise<TenantRecord | RefusedSignup> {
    const subdomain = subdomainIn(tenant, this.stage.domain);
    return subdomain ? lookUpSubdomain(this.table, subdomain) : lookUpTenant(this.table, tenant.trim());
  }

  async status(tenant: string): Promise<TenantStatus> {
    return await statusOf(this.sfn, await this.find(tenant));
  }

  /**
   * Redrives a failed execution or, where AWS no longer can, starts an equal new one.
   *
   * @param anew starts a new one in any case, with today's definition
   */
  async redrive(
    target: RedriveTarget,
    { anew = false, reason }: { readonly anew?: boolean; readonly reason?: string | undefined } = {},
  ): Promise<Redrive> {
    const named = 'tenant' in target ? { tenant: await this.knownName(target.tenant) } : target;
    return await perform(this.operator, { kind: 'redrive', target: named, anew, ...because(reason) }, RedriveAnswer);
  }

  /**
   * Gives up an onboarding that is HELD, or whose run has ended in the middle: a new execution takes the tenant over and
   * undoes everything.
   */
  async abandon(tenant: string, reason: string): Promise<Abandoning> {
    const act = { kind: 'abandon', tenant: await this.knownName(tenant), reason } as const;
    return await perform(this.operator, act, AbandonAnswer);
  }

  /**
   * Starts an onboarding for each signup on the dead-letter queue, and takes the signup off the queue. An unreadable message
   * leaves the queue only after `setAside` has kept it.
   */
  async *replay({ setAside }: { readonly setAside?: (message: Unreadable) => void } = {}): AsyncGenerator<Replay> {
    const named = new Set<string>();
    for (;;) {
      const { messages, more } = await perform(this.operator, { kind: 'replay' }, ReplayAnswer);
      const fresh = messages.filter((message) => !('unreadable' in message && named.has(message.unreadable.messageId)));
      const unreadable = fresh.flatMap((message) => ('unreadable' in message ? [message.unreadable] : []));
      for (const message of unreadable) {
        named.add(message.messageId);
        setAside?.(message);
      }
      if (setAside && unreadable.length > 0) {
        const ids = unreadable.map(({ messageId }) => messageId);
        yield* await this.replayedBesides(ids, named);
      }
      yield* fresh;
      if (!more || fresh.length === 0) return;
    }
  }

  /** Takes messages that were kept elsewhere off the queue. @returns what arrived meanwhile, and was replayed, too */
  private async replayedBesides(setAside: string[], named: ReadonlySet<string>): Promise<Replay[]> {
    const { messages } = await perform(this.operator, { kind: 'replay', setAside }, ReplayAnswer);
    return messages.filter((message) => !('unreadable' in message && named.has(message.unreadable.messageId)));
  }

  /** Starts an onboarding by hand, with a signup as billing sends it. */
  async signUp(signup: unknown, reason?: string) {
    return await perform(this.operator, { kind: 'signup', signup, ...because(reason) }, SignupAnswer);
  }

  /** The dead-letter queue of the rule that starts onboardings. */
  undeliveredSignups(): Promise<QueueDepth> {
    return queueDepth(this.sqs, this.stage.undeliveredSignupsUrl);
  }

  /** The queue of events that match no rule; misspelled signups are among them. */
  unmatchedEvents(): Promise<QueueDepth> {
    return queueDepth(this.sqs, this.stage.unmatchedEventsUrl);
  }

  /** Verifies a tenant now, as the daily audit does, and leaves the same evidence. */
  async verify(tenant: string, reason?: string): Promise<Verification> {
    const act = { kind: 'verify', tenant: await this.knownName(tenant), ...because(reason) } as const;
    return await perform(this.operator, act, WholeAnswer);
  }

  /** Takes a tenant out of service. @param reason for the record */
  async suspend(tenant: string, reason: string) {
    const act = { kind: 'suspend', tenant: await this.knownName(tenant), reason } as const;
    return await perform(this.operator, act, SuspendTenantOutput);
  }

  /** Brings a suspended tenant back. @throws ActNotDone where its last verification has not passed, or is too old */
  async resume(tenant: string, reason?: string) {
    const act = { kind: 'resume', tenant: await this.knownName(tenant), ...because(reason) } as const;
    return await perform(this.operator, act, ResumeTenantOutput);
  }

  /** Who did what: to a tenant, to the stage as a whole, or on a day. The newest comes first. */
  async acts(
    of: ActsOf,
    page: { readonly before?: string | undefined; readonly limit?: number } = {},
  ): Promise<ActPage> {
    const table = { name: this.stage.actsTableName, client: this.table.client };
    return await listActs(table, 'tenant' in of ? { tenantId: (await this.find(of.tenant)).tenantId } : of, page);
  }

  /** A name that the functions know. Only a host has to be looked up before. */
  private async knownName(tenant: string): Promise<string> {
    const subdomain = subdomainIn(tenant, this.stage.domain);
    return subdomain ? (await lookUpSubdomain(this.table, subdomain)).tenantId : tenant.trim();
  }

  /** Tenants and refused signups that the filter admits. */
  tenants(filter: TenantFilter = {}): Promise<TenantList> {
    return listTenants(this.table, filter);
  }

  /** The stage's cells with the slots that are left. */
  cells(): Promise<ListedCell[]> {
    return listCells(this.table, new SSMClient(this.stage.aws));
  }

  /** All queues on which something waits for a person. */
  async queues(): Promise<readonly (QueueDepth & { readonly queue: string })[]> {
    const { undeliveredSignupsUrl, unmatchedEventsUrl, undeliveredStackEventsUrl, undeliveredRunEventsUrl } =
      this.stage;
    const queues = { undeliveredSignupsUrl, unmatchedEventsUrl, undeliveredStackEventsUrl, undeliveredRunEventsUrl };
    return await settled(
      Object.entries(queues).map(async ([name, url]) => ({
        queue: name.replace(/Url$/, ''),
        ...(await queueDepth(this.sqs, url)),
      })),
    );
  }

  /** Whether all of the stage runs as it should. */
  examine(): Promise<readonly Finding[]> {
    return examine(this.stage, this.table, () => this.queues());
  }

  /** Reports about a tenant, the newest first. */
  async reports(tenant: string): Promise<ListedReport[]> {
    const { tenantId } = await this.find(tenant);
    return await listReports(this.evidence, tenantId);
  }

  /** One report, by default the last one on the tenant's record. */
  async report(tenant: string, report?: string): Promise<FetchedReport> {
    const record = await this.find(tenant);
    const verification = 'refused' in record ? undefined : record.verification;
    const key = report ?? verification?.report ?? (await listReports(this.evidence, record.tenantId))[0]?.report;
    if (!key) throw new NotFound(`tenant ${record.tenantId} has never been verified: it has no report`);
    return await fetchReport(this.evidence, key, verification);
  }

  private get evidence() {
    return { s3: new S3Client({ ...this.stage.aws, forcePathStyle: true }), bucket: this.stage.evidenceBucketName };
  }

  /** Starts an execution, by default of TenantOnboarding. @returns its ARN */
  start(input: unknown, { stateMachineArn = this.stage.stateMachineArn, ...options }: StartOptions = {}) {
    return start(this.sfn, input, { ...options, stateMachineArn });
  }

  /** Follows an execution until it ends, however it ends. */
  follow(executionArn: string, options: FollowOptions = {}): Promise<Ended> {
    return follow(this.sfn, executionArn, options);
  }
}
