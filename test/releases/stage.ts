import { setTimeout as pause } from 'node:timers/promises';
import { ApplicationAutoScalingClient } from '@aws-sdk/client-application-auto-scaling';
import { DescribeRulesCommand, ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { RedriveExecutionCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { SSMClient } from '@aws-sdk/client-ssm';
import { control } from '../../emulator/control';
import { holdScaling } from '../../functions/compute/scaling';
import { ssmCells } from '../../functions/compute/ssm-cells';
import { readLiveColour } from '../../functions/compute/table-live-colour';
import type { CellDescriptor, Colour } from '../../functions/contract/cell';
import { readClaim } from '../../functions/delivery/release-store';
import { tenantsOf } from '../../functions/delivery/tenants-of-cell';
import { type Platform, startPlatform } from '../../local/platform';
import { pushVersion, type Version } from '../../local/service-versions';
import { newSignup, Signups } from '../../local/signups';
import { Visitors } from '../../local/visitors';
import type { Ended } from '../../operations/client/executions';
import { Releases } from '../../operations/client/releases';
import { StageClient } from '../../operations/client/stage-client';
import { localConnection, type StageConnection } from '../../operations/stage-connection';

const TENANTS = [
  { subdomain: 'acme', plan: 'enterprise' },
  { subdomain: 'beta', plan: 'growth' },
  { subdomain: 'gamma', plan: 'enterprise' },
  { subdomain: 'delta', plan: 'growth' },
  { subdomain: 'echo', plan: 'enterprise' },
] as const;
/** functions/delivery/rings.ts: all others. */
const LAST_RING = 3;
/** A hundred requests a second, over all hosts. */
const BETWEEN_REQUESTS_MS = 10;

/** A platform with tenants in service, and hands for what a trial of releases needs. */
export class ReleaseStage {
  readonly connection: StageConnection;
  readonly client: StageClient;
  readonly releases: Releases;
  readonly signups: Signups;
  readonly hosts: readonly string[];
  private builds = 0;

  private constructor(
    readonly platform: Platform,
    readonly cell: CellDescriptor,
  ) {
    this.connection = localConnection(platform.outputs);
    this.client = new StageClient(this.connection);
    this.releases = new Releases(this.client);
    this.signups = new Signups(this.connection);
    this.hosts = TENANTS.map(({ subdomain }) => `${subdomain}.${this.connection.domain}`);
  }

  static async start(patience: number): Promise<ReleaseStage> {
    const platform = await startPlatform({ patience: 0 });
    try {
      const [cell] = await ssmCells(new SSMClient(platform.aws)).cells();
      if (!cell) throw new Error('the stage has no cell');
      const stage = new ReleaseStage(platform, cell);
      await Promise.all(
        TENANTS.map(({ subdomain, plan }) =>
          stage.signups.onboardWell(newSignup({ companyName: subdomain, subdomain, plan })),
        ),
      );
      await platform.emulator.setPatience(patience);
      return stage;
    } catch (failure) {
      await platform.stop();
      throw failure;
    }
  }

  stop(): Promise<void> {
    return this.platform.stop();
  }

  visitors(hosts: readonly string[]): Visitors {
    return new Visitors(this.platform.outputs.loadBalancerUrl, hosts, BETWEEN_REQUESTS_MS * hosts.length);
  }

  push(version: Version): Promise<string> {
    return pushVersion(this.platform, version, `drill-${++this.builds}`);
  }

  async begin(digest: string, releaseId = `drill-${this.builds}`): Promise<string> {
    return (await this.releases.start(this.cell, { digest, releaseId })).executionArn;
  }

  /** Starts an execution as the pipeline does, which asks nobody whether the cell is free. */
  beginUnasked(digest: string, releaseId: string): Promise<string> {
    const { releaseMachineArn: stateMachineArn } = this.platform.outputs;
    return this.client.start({ cell: this.cell.name, digest, releaseId }, { stateMachineArn });
  }

  async liveColour(): Promise<Colour> {
    const live = await readLiveColour(this.client.table, this.cell.name);
    if (!live) throw new Error('the cell has no live colour');
    return live.colour;
  }

  /** Waits until the last ring of the release under way bakes. */
  async untilMoved(): Promise<void> {
    for (;;) {
      const claim = await this.claim();
      const isLast = claim?.rings.some(({ ring }) => ring === LAST_RING);
      if (!claim || claim.endedAt || (isLast && claim.waiting?.for === 'bake')) return;
      await pause(50);
    }
  }

  claim() {
    return readClaim(this.client.table, this.cell.name);
  }

  follow(executionArn: string): Promise<Ended> {
    return this.client.follow(executionArn, { everyMs: 100 });
  }

  /** Waits until the execution has entered the state, and stops it there. @returns whether it was still running */
  async stopAt(executionArn: string, state: string): Promise<boolean> {
    const stopping = new AbortController();
    const run = await this.client
      .follow(executionArn, {
        everyMs: 20,
        signal: stopping.signal,
        onProgress: (visits) => {
          if (visits.some((visit) => visit.state === state)) stopping.abort();
        },
      })
      .catch(() => undefined);
    if (run) return false;
    const stop = new StopExecutionCommand({ executionArn, cause: `drill: stopped at ${state}` });
    // The execution may have ended a moment before: its status says so.
    await this.client.sfn.send(stop).catch(() => undefined);
    return (await this.follow(executionArn)).status === 'ABORTED';
  }

  async redrive(executionArn: string): Promise<Ended> {
    await this.client.sfn.send(new RedriveExecutionCommand({ executionArn }));
    return await this.follow(executionArn);
  }

  async control(path: string, request: object): Promise<void> {
    await control(this.platform.emulator.endpointUrl, path, request);
  }

  /** As a run leaves it that was killed. */
  async holdScaling(): Promise<void> {
    await holdScaling(new ApplicationAutoScalingClient(this.platform.aws), this.cell, 2);
  }

  async keepCells(): Promise<void> {
    const FunctionName = this.platform.outputs.keepCellsFunctionName;
    const { FunctionError, Payload } = await new LambdaClient(this.platform.aws).send(
      new InvokeCommand({ FunctionName, Payload: '{}' }),
    );
    if (FunctionError) throw new Error(`KeepCells: ${Payload?.transformToString()}`);
  }

  /** @returns one sentence for each way in which the cell is not as a release must leave it */
  async faults(): Promise<string[]> {
    const { table } = this.client;
    const [live, claim, tenants] = await Promise.all([
      readLiveColour(table, this.cell.name),
      this.claim(),
      tenantsOf(table, this.cell, ['ACTIVE']),
    ]);
    const { Rules = [] } = await new ElasticLoadBalancingV2Client(this.platform.aws).send(
      new DescribeRulesCommand({ ListenerArn: this.cell.listenerArn }),
    );
    const wanted = live && this.cell.targetGroupArns[live.colour];
    const astray = tenants.filter(
      ({ ruleArn }) => Rules.find((rule) => rule.RuleArn === ruleArn)?.Actions?.[0]?.TargetGroupArn !== wanted,
    );
    return [
      ...(live?.releasing ? ['a release still moves tenants'] : []),
      ...(claim && !claim.endedAt ? [`the claim of ${claim.releaseId} is open`] : []),
      ...astray.map(({ host }) => `${host} does not lead to ${live?.colour}`),
    ];
  }
}
