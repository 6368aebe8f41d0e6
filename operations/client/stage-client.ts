import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SQSClient } from '@aws-sdk/client-sqs';
import { STSClient } from '@aws-sdk/client-sts';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { RefusedSignup, TenantRecord } from '../../functions/contract/records';
import { lookUpSubdomain, lookUpTenant } from '../../functions/tenants/tenant-lookup';
import type { TenantsTable } from '../../functions/tenants/tenants-table';
import type { Stage } from '../../infra/config/stages';
import { connectTo, type StageConnection } from '../stage-connection';
import { type Abandoning, abandonOnboarding } from './abandon-onboarding';
import { type Ended, type FollowOptions, follow, type StartOptions, start } from './executions';
import { type QueueDepth, queueDepth } from './queue-depths';
import { type Redrive, redriveExecution } from './redrive-execution';
import { type Replay, type ReplayDeps, replaySignups } from './replay-signups';
import { subdomainIn } from './subdomain-in';
import { callerOf, INVOCATION, type Operator, resumeTenant, suspendTenant, verifyTenant } from './tenant-functions';
import { statusOf, type TenantStatus } from './tenant-status';

/** What to redrive: the latest execution of a tenant, or one execution by its ARN. */
export type RedriveTarget = { readonly tenant: string } | { readonly executionArn: string };

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
    this.operator = { sts: new STSClient(aws), lambda: new LambdaClient({ ...aws, ...INVOCATION }) };
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
  async redrive(target: RedriveTarget, { anew = false } = {}): Promise<Redrive> {
    const { sfn, table, stage } = this;
    const deps = { sfn, table, stateMachineArn: stage.stateMachineArn };
    if ('executionArn' in target) return await redriveExecution(deps, target.executionArn, { anew });
    const record = await this.find(target.tenant);
    return await redriveExecution(deps, record.executionArn, { record, anew });
  }

  /**
   * Gives up an onboarding that is HELD, or whose run has ended in the middle: a new execution takes the tenant over and
   * undoes everything.
   */
  async abandon(tenant: string, reason: string): Promise<Abandoning> {
    const deps = { sfn: this.sfn, stateMachineArn: this.stage.stateMachineArn };
    return await abandonOnboarding(deps, await this.find(tenant), { by: await callerOf(this.operator), reason });
  }

  /** Starts an onboarding for each signup on the dead-letter queue, and takes the signup off the queue. */
  replay({ setAside }: Pick<ReplayDeps, 'setAside'> = {}): AsyncGenerator<Replay> {
    const { undeliveredSignupsUrl, stateMachineArn } = this.stage;
    return replaySignups({ sqs: this.sqs, sfn: this.sfn, undeliveredSignupsUrl, stateMachineArn, setAside });
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
  async verify(tenant: string) {
    return await verifyTenant(this.operator, this.stage.auditTenantFunctionName, await this.knownName(tenant));
  }

  /** Takes a tenant out of service. @param reason for the record */
  async suspend(tenant: string, reason: string) {
    const name = await this.knownName(tenant);
    return await suspendTenant(this.operator, this.stage.suspendTenantFunctionName, name, reason);
  }

  /** Brings a suspended tenant back. @throws Error where its last verification has not passed, or is too old */
  async resume(tenant: string) {
    return await resumeTenant(this.operator, this.stage.resumeTenantFunctionName, await this.knownName(tenant));
  }

  /** A name that the functions know. Only a host has to be looked up before. */
  private async knownName(tenant: string): Promise<string> {
    const subdomain = subdomainIn(tenant, this.stage.domain);
    return subdomain ? (await lookUpSubdomain(this.table, subdomain)).tenantId : tenant.trim();
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
