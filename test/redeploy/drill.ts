import { DescribeExecutionCommand, paginateGetExecutionHistory, RedriveExecutionCommand } from '@aws-sdk/client-sfn';
import { SSMClient } from '@aws-sdk/client-ssm';
import * as z from 'zod';
import { ssmCells } from '../../functions/compute/ssm-cells';
import { everyItem } from '../../functions/shared/paging';
import { inventoryOf } from '../../local/inventory';
import { Migrations } from '../../operations/client/migrations';
import { eventually, type RunningStage } from '../support/running-stage';
import { HELD, isUnderWay, POSITIONS, type Positioned, Positions } from './positions';
import type { Releases } from './releases';
import { differences, pictureOf, Visitors } from './tenants-in-service';

/** What became of one tenant over which a release was deployed. */
export interface Row {
  readonly from: string;
  readonly to: string;
  readonly position: string;
  readonly tenant: string;
  /** Each end of the run since the deployment, or what was seen of a tenant without a run. */
  readonly ends: readonly string[];
  /** What is not as designed; empty when all is. */
  readonly faults: readonly string[];
}

export interface Crossing {
  readonly rows: readonly Row[];
  readonly requests: number;
  readonly failedRequests: readonly string[];
}

/** Runs that begin in the moment of the deployment. */
const MEANWHILE = 3;

const ParametersSchema = z.object({ FunctionName: z.string() });

/** The functions, each with its version, that a run has called. */
async function calledBy(stage: RunningStage, executionArn: string): Promise<Set<string>> {
  const events = await everyItem(
    paginateGetExecutionHistory({ client: stage.sfn }, { executionArn, maxResults: 1000 }),
    (page) => page.events,
  );
  const calls = events.flatMap(({ taskScheduledEventDetails: task }) => (task?.parameters ? [task.parameters] : []));
  return new Set(calls.map((parameters) => ParametersSchema.parse(JSON.parse(parameters)).FunctionName));
}

/** Two versions of one function in one run: the run has left its release. */
function versionsMixed(called: Iterable<string>): string[] {
  const byFunction = new Map<string, Set<string>>();
  for (const arn of called) {
    const [name = '', version = 'none'] = arn.split(':').slice(6);
    byFunction.set(name, (byFunction.get(name) ?? new Set()).add(version));
  }
  return [...byFunction].filter(([, versions]) => versions.size > 1).map(([name]) => `two versions of ${name} called`);
}

/** One deployment over tenants in every position, from one release to another. */
export class Drill {
  constructor(
    private readonly stage: RunningStage,
    private readonly releases: Releases,
    private readonly log: (line: string) => void = () => undefined,
  ) {}

  async cross(from: string, to: string): Promise<Crossing> {
    const prefix = `${from}-to-${to}`.replaceAll('.', '');
    const positions = new Positions(this.stage, prefix);
    await this.releases.deploy({ name: from, onFailure: 'hold' });
    const held = await positions.bring(HELD);
    await this.releases.deploy({ name: from, onFailure: 'rollback' });
    const others = await Promise.all(
      POSITIONS.filter((position) => position !== HELD).map((position) => positions.bring(position)),
    );
    // A release that prepares no database leaves its tenants behind this one's service: they are migrated as the runbook says.
    if (from !== 'today') await this.migrate();
    const inService = others.filter(({ position }) => position === 'active' || position === 'suspended');
    const active = inService.filter(({ position }) => position === 'active');
    const before = await this.pictures(inService);
    this.log(`${from}: ${others.length + 1} tenants in position`);

    const visitors = new Visitors(this.stage.platform.outputs.loadBalancerUrl, active);
    const visited = async () => {
      const begun = Array.from({ length: MEANWHILE }, (_, index) => positions.begin(`meanwhile-${index + 1}`));
      const [meanwhile] = await Promise.all([
        Promise.all(begun),
        this.releases.deploy({ name: to, onFailure: 'rollback' }),
      ]);
      this.log(`${to} deployed`);
      const after = await this.pictures(inService);
      const runs = [held, ...others, ...meanwhile].filter((tenant) => !inService.includes(tenant));
      const rowsOfRuns = await Promise.all(runs.map((run) => this.followed(run)));
      return { after, rowsOfRuns, fresh: await this.fresh(new Positions(this.stage, `${prefix}-new`)) };
    };
    const { after, rowsOfRuns, fresh } = await visited().finally(() => visitors.end());
    const rowsInService = await Promise.all(
      inService.map(async (tenant, index) => {
        const [was, is] = [before[index], after[index]];
        const changed = was && is ? differences(was, is).map((part) => `${part} changed`) : ['not seen'];
        return { tenant, ends: ['untouched'], faults: [...changed, ...(await this.inServiceFaults(tenant))] };
      }),
    );
    const rows = [...rowsInService, ...rowsOfRuns, ...fresh].map(({ tenant, ends, faults }) => ({
      from,
      to,
      position: tenant.position,
      tenant: tenant.signup.subdomain,
      ends,
      faults,
    }));
    return { rows, requests: visitors.requests, failedRequests: visitors.failed };
  }

  /** @throws Error when a database is not migrated */
  private async migrate(): Promise<void> {
    const { client, platform } = this.stage;
    const migrations = new Migrations(client);
    for (const cell of await ssmCells(new SSMClient(platform.aws)).cells()) {
      const started = await migrations.start(cell, { phase: 'expand' });
      if (started.how !== 'started') throw new Error(`${cell.name} is not migrated: ${started.because}`);
      const { status, failure } = await client.follow(started.executionArn);
      if (status !== 'SUCCEEDED') throw new Error(`the migration of ${cell.name} ended ${status}: ${failure?.reason}`);
    }
  }

  private pictures(tenants: readonly Positioned[]) {
    return Promise.all(tenants.map((tenant) => pictureOf(this.stage.platform, this.stage.client, tenant)));
  }

  /** Follows a run to its last end, with a redrive after each end before it. */
  private async followed(tenant: Positioned) {
    const { executionArn, endsAs, position } = tenant;
    const ends: string[] = [];
    for (const [index] of endsAs.entries()) {
      if (index > 0 || !isUnderWay(position)) await this.stage.sfn.send(new RedriveExecutionCommand({ executionArn }));
      ends.push(await this.end(executionArn));
    }
    const { record, stacks, keyState } = await inventoryOf(this.stage.connection, tenant.tenantId);
    const complete = record?.status === 'ACTIVE' && stacks.length === 4 && keyState === 'Enabled';
    const faults = [
      ...(ends.join() === endsAs.join() ? [] : [`expected ${endsAs.join(', ')}`]),
      ...(complete ? [] : [`${record?.status} with ${stacks.length} stacks and a key that is ${keyState}`]),
      ...versionsMixed(await calledBy(this.stage, executionArn)),
    ];
    return { tenant, ends, faults };
  }

  /** A run whose stack event is lost waits for the sweep, as it does on AWS. */
  private async end(executionArn: string): Promise<string> {
    const ended = await eventually(
      `${executionArn} has ended`,
      async () => {
        const execution = await this.stage.sfn.send(new DescribeExecutionCommand({ executionArn }));
        if (execution.status !== 'RUNNING') return execution;
        // Without a moment of grace it would begin anew what a function of another run is about to begin.
        await this.stage.sweep(2);
        return undefined;
      },
      240_000,
    );
    return [ended.status, ended.error].filter(Boolean).join(' ');
  }

  /** Signups after the deployment: the whole course of the new definition, forward and back. */
  private async fresh(positions: Positions) {
    const tenants = await Promise.all([positions.bring('active'), positions.bring('rolled-back')]);
    return await Promise.all(tenants.map((tenant) => this.followed(tenant)));
  }

  private async inServiceFaults({ position, tenantId, signup, executionArn }: Positioned): Promise<string[]> {
    if (position === 'suspended')
      await this.stage.client.verify(tenantId).then(() => this.stage.client.resume(tenantId));
    const { verdict } = await this.stage.client.verify(tenantId);
    const again = await this.stage.follow(await this.stage.begin(signup));
    const duplicate = JSON.stringify(again.output).includes(executionArn);
    return [
      ...(verdict === 'isolated' ? [] : [`verification says ${verdict}`]),
      ...(again.status === 'SUCCEEDED' && duplicate ? [] : [`a duplicate ended ${again.status}`]),
    ];
  }
}
