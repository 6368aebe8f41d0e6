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
import {
  AbandonAnswer,
  PreviewReplayAnswer,
  RedriveAnswer,
  ReplayAnswer,
  SignupAnswer,
  TeardownAnswer,
} from '../../functions/contract/act';
import { ResumeTenantOutput, SuspendTenantOutput } from '../../functions/contract/audit';
import { EVIDENCE_PREFIX } from '../../functions/contract/naming';
import type { RefusedSignup, TenantRecord } from '../../functions/contract/records';
import { RestoreDatabaseOutput } from '../../functions/contract/restore';
import { type Comparison, compareReports } from '../../functions/isolation/compare-reports';
import { EvidenceSchema } from '../../functions/isolation/evidence-report';
import { settled } from '../../functions/shared/settled';
import { lookUpSubdomain, lookUpTenant } from '../../functions/tenants/tenant-lookup';
import type { TenantsTable } from '../../functions/tenants/tenants-table';
import type { Stage } from '../../infra/config/environments';
import type { Finding } from '../../infra/preflight/finding';
import { connectTo, type StageConnection } from '../stage-connection';
import { examineCells, type ListedCell, listCells } from './cell-list';
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

/** No tenant, report or cell has the name that was typed. */
export class NotFound extends Error {
  override readonly name = 'NotFound';
}

/**
 * Which acts: those on a tenant by any of its names, on the stage as a whole, or of a day (UTC).
 */
export type ActsOf = { readonly tenant: string } | Extract<ActScope, { stage: true } | { day: string }>;

export const because = (reason: string | undefined) => (reason ? { reason } : {});

/**
 * Everything that an operator can do with one stage. It returns data and prints nothing; the
 * commands write the text for people. A tenant can be named by its subdomain (also one that it did
 * not get), its host or page, its tenant id or its signup id.
 */
export class StageClient {
  readonly sfn: SFNClient;
  readonly table: TenantsTable;
  private readonly sqs: SQSClient;
  readonly operator: Operator;

  constructor(readonly stage: StageConnection) {
    const { aws, tenantsTableName } = stage;
    this.sfn = new SFNClient(aws);
    this.sqs = new SQSClient(aws);
    this.table = { name: tenantsTableName, client: DynamoDBDocumentClient.from(new DynamoDBClient(aws)) };
    const { performActFunctionName } = stage;
    this.operator = { aws, lambda: new LambdaClient({ ...aws, ...INVOCATION }), performActFunctionName };
  }

  /** @throws Error when the stage is not deployed, or the credentials are of another account */
  static async connect(stage: Stage): Promise<StageClient> {
    return new StageClient(await connectTo(stage));
  }

  /**
   * @throws PlatformError `InvalidRequest` when no tenant has or had this name, as all methods
   * with a tenant
   */
  find(tenant: string): Promise<TenantRecord | RefusedSignup> {
    const subdomain = subdomainIn(tenant, this.stage.domain);
    const { domain } = this.stage;
    return subdomain ? lookUpSubdomain(this.table, subdomain, domain) : lookUpTenant(this.table, tenant.trim(), domain);
  }

  async status(tenant: string): Promise<TenantStatus> {
    return await statusOf(this.sfn, await this.find(tenant));
  }

  /**
   * Redrives a failed execution. When AWS can no longer redrive it, starts an equal new one.
   *
   * @param anew always starts a new one, with today's definition
   */
  async redrive(
    target: RedriveTarget,
    { anew = false, reason }: { readonly anew?: boolean; readonly reason?: string | undefined } = {},
  ): Promise<Redrive> {
    const named = 'tenant' in target ? { tenant: await this.knownName(target.tenant) } : target;
    return await perform(this.operator, { kind: 'redrive', target: named, anew, ...because(reason) }, RedriveAnswer);
  }

  /**
   * Gives up an onboarding that is HELD, or whose run has ended in the middle. A new execution
   * takes the tenant over and undoes everything.
   */
  async abandon(tenant: string, reason: string): Promise<Abandoning> {
    const act = { kind: 'abandon', tenant: await this.knownName(tenant), reason } as const;
    return await perform(this.operator, act, AbandonAnswer);
  }

  /**
   * Starts an onboarding for each signup on the dead-letter queue, and deletes the message. An
   * unreadable message is deleted only after `setAside` has stored it.
   */
  async *replay({
    setAside,
    reason,
  }: {
    readonly setAside?: (message: Unreadable) => void;
    readonly reason?: string | undefined;
  } = {}): AsyncGenerator<Replay> {
    const named = new Set<string>();
    for (;;) {
      const { messages, more } = await perform(this.operator, { kind: 'replay', ...because(reason) }, ReplayAnswer);
      const fresh = messages.filter((message) => !('unreadable' in message && named.has(message.unreadable.messageId)));
      const unreadable = fresh.flatMap((message) => ('unreadable' in message ? [message.unreadable] : []));
      for (const message of unreadable) {
        named.add(message.messageId);
        setAside?.(message);
      }
      if (setAside && unreadable.length > 0) {
        const ids = unreadable.map(({ messageId }) => messageId);
        yield* await this.replayedBesides(ids, named, reason);
      }
      yield* fresh;
      if (!more || fresh.length === 0) return;
    }
  }

  /**
   * Deletes messages that were stored elsewhere.
   *
   * @returns signups that arrived meanwhile and were replayed, too
   */
  private async replayedBesides(
    setAside: string[],
    named: ReadonlySet<string>,
    reason: string | undefined,
  ): Promise<Replay[]> {
    const { messages } = await perform(this.operator, { kind: 'replay', setAside, ...because(reason) }, ReplayAnswer);
    return messages.filter((message) => !('unreadable' in message && named.has(message.unreadable.messageId)));
  }

  /** Puts on record that the stage is about to be taken down. @throws ActNotDone when it is not on record */
  async announceTeardown(reason?: string): Promise<void> {
    await perform(this.operator, { kind: 'teardown', ...because(reason) }, TeardownAnswer);
  }

  /** Which signups a replay would start, and which messages it would leave. */
  async previewReplay() {
    return await perform(this.operator, { kind: 'preview-replay' }, PreviewReplayAnswer);
  }

  /** Replays the messages that a preview has told, and no others. */
  async replayOnly(only: readonly string[], reason?: string) {
    return await perform(this.operator, { kind: 'replay', only: [...only], ...because(reason) }, ReplayAnswer);
  }

  /** Starts an onboarding by hand, with a signup in the form that billing sends. */
  async signUp(signup: unknown, reason?: string) {
    return await perform(this.operator, { kind: 'signup', signup, ...because(reason) }, SignupAnswer);
  }

  /** The dead-letter queue of the rule that starts onboardings. */
  undeliveredSignups(): Promise<QueueDepth> {
    return queueDepth(this.sqs, this.stage.undeliveredSignupsUrl);
  }

  /** The queue of events that match no rule, such as misspelled signups. */
  unmatchedEvents(): Promise<QueueDepth> {
    return queueDepth(this.sqs, this.stage.unmatchedEventsUrl);
  }

  /** Verifies a tenant now, as the daily audit does, and stores the same evidence. */
  async verify(tenant: string, reason?: string): Promise<Verification> {
    const act = { kind: 'verify', tenant: await this.knownName(tenant), ...because(reason) } as const;
    return await perform(this.operator, act, WholeAnswer);
  }

  /** Takes a tenant out of service. @param reason for the record */
  async suspend(tenant: string, reason: string) {
    const act = { kind: 'suspend', tenant: await this.knownName(tenant), reason } as const;
    return await perform(this.operator, act, SuspendTenantOutput);
  }

  /**
   * One step of a restore of the tenant's database.
   *
   * @param to the time whose data is wanted
   * @throws ActNotDone for a time that has no backup, and while another restore is under way
   */
  async restore(tenant: string, to: string, reason: string) {
    const act = { kind: 'restore', tenant: await this.knownName(tenant), to, reason } as const;
    return await perform(this.operator, act, RestoreDatabaseOutput);
  }

  /** Deletes the restored instance of a restore that is not wanted any more. */
  async discardRestore(tenant: string, reason?: string) {
    const act = { kind: 'discard-restore', tenant: await this.knownName(tenant), ...because(reason) } as const;
    return await perform(this.operator, act, RestoreDatabaseOutput);
  }

  /**
   * Brings a suspended tenant back.
   *
   * @throws ActNotDone when its last verification failed, or is too old
   */
  async resume(tenant: string, reason?: string) {
    const act = { kind: 'resume', tenant: await this.knownName(tenant), ...because(reason) } as const;
    return await perform(this.operator, act, ResumeTenantOutput);
  }

  /** Acts on a tenant, on the stage as a whole, or of a day, newest first. */
  async acts(
    of: ActsOf,
    page: { readonly before?: string | undefined; readonly limit?: number } = {},
  ): Promise<ActPage> {
    const table = { name: this.stage.actsTableName, client: this.table.client };
    return await listActs(table, 'tenant' in of ? { tenantId: (await this.find(of.tenant)).tenantId } : of, page);
  }

  /** A name that the functions accept. Only a host must be looked up. */
  async knownName(tenant: string): Promise<string> {
    const subdomain = subdomainIn(tenant, this.stage.domain);
    return subdomain ? (await lookUpSubdomain(this.table, subdomain, this.stage.domain)).tenantId : tenant.trim();
  }

  /** Tenants and refused signups that match the filter. */
  tenants(filter: TenantFilter = {}): Promise<TenantList> {
    return listTenants(this.table, filter);
  }

  /** The stage's cells, with the slots that are left. */
  cells(): Promise<ListedCell[]> {
    return listCells(this.table, new SSMClient(this.stage.aws));
  }

  /** All queues whose messages wait for a person. */
  async queues(): Promise<readonly (QueueDepth & { readonly queue: string })[]> {
    const { undeliveredSignupsUrl, unmatchedEventsUrl, breakGlassUsesUrl } = this.stage;
    const { undeliveredStackEventsUrl, undeliveredRunEventsUrl } = this.stage;
    const queues = {
      ...{ undeliveredSignupsUrl, unmatchedEventsUrl, breakGlassUsesUrl },
      ...{ undeliveredStackEventsUrl, undeliveredRunEventsUrl },
    };
    return await settled(
      Object.entries(queues).map(async ([name, url]) => ({
        queue: name.replace(/Url$/, ''),
        ...(await queueDepth(this.sqs, url)),
      })),
    );
  }

  /** Examines the whole stage. */
  examine(): Promise<readonly Finding[]> {
    return examine(this.stage, this.table, {
      queues: () => this.queues(),
      cells: (deployed) => examineCells(this.table, new SSMClient(this.stage.aws), deployed),
    });
  }

  /** The reports on a tenant, newest first. */
  async reports(tenant: string): Promise<ListedReport[]> {
    const { tenantId } = await this.find(tenant);
    return await listReports(this.evidence, tenantId);
  }

  /** One report; by default the one that the tenant's record names. */
  async report(tenant: string, report?: string): Promise<FetchedReport> {
    const record = await this.find(tenant);
    const verification = 'refused' in record ? undefined : record.verification;
    const key = report ?? verification?.report ?? (await listReports(this.evidence, record.tenantId))[0]?.report;
    if (!key) throw new NotFound(`tenant ${record.tenantId} has never been verified: it has no report`);
    if (!key.startsWith(`${EVIDENCE_PREFIX}${record.tenantId}/`))
      throw new NotFound(`${key} is no report about tenant ${record.tenantId}`);
    const fetched = await fetchReport(this.evidence, key, verification);
    if (!fetched) throw new NotFound(`there is no report ${key}`);
    return fetched;
  }

  /** Compares two reports about a tenant. @param keys by default those of the two newest */
  async compareReports(tenant: string, keys: readonly string[] = []): Promise<Comparison> {
    const { tenantId } = await this.find(tenant);
    const [one, other] =
      keys.length > 0 ? keys : (await listReports(this.evidence, tenantId)).map(({ report }) => report);
    if (!one || !other) throw new NotFound(`tenant ${tenantId} has no two reports to compare`);
    const read = async (key: string) => EvidenceSchema.parse(JSON.parse((await this.report(tenant, key)).text));
    return compareReports(await read(one), await read(other));
  }

  private get evidence() {
    return { s3: new S3Client({ ...this.stage.aws, forcePathStyle: true }), bucket: this.stage.evidenceBucketName };
  }

  /** Starts an execution; by default of TenantOnboarding. @returns its ARN */
  start(input: unknown, { stateMachineArn = this.stage.stateMachineArn, ...options }: StartOptions = {}) {
    return start(this.sfn, input, { ...options, stateMachineArn });
  }

  /** Follows an execution until it ends in any way. */
  follow(executionArn: string, options: FollowOptions = {}): Promise<Ended> {
    return follow(this.sfn, executionArn, options);
  }
}
