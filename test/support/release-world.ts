import type { Compute } from '../../functions/compute/compute';
import { tableLiveColour } from '../../functions/compute/table-live-colour';
import { targetHealth } from '../../functions/compute/target-health';
import type { CellDescriptor } from '../../functions/contract/cell';
import { tenantIdOf } from '../../functions/contract/naming';
import {
  itemKeys,
  type LiveColour,
  type ReleaseClaim,
  stateKeys,
  type TenantRecord,
} from '../../functions/contract/records';
import type { Release } from '../../functions/contract/release';
import { claimRelease } from '../../functions/delivery/claim-release';
import { judgeRing } from '../../functions/delivery/judge-ring';
import { returnTenants } from '../../functions/delivery/return-tenants';
import { settleRelease } from '../../functions/delivery/settle-release';
import { shiftRing } from '../../functions/delivery/shift-ring';
import { resumeTenant } from '../../functions/suspension/resume-tenant';
import { suspendTenant } from '../../functions/suspension/suspend-tenant';
import type { TenantsTable } from '../../functions/tenants/tenants-table';
import { aCell, aTenant, aTenantRecord, NOW } from './builders';
import { FakeClient } from './fake-client';
import { readable } from './fake-compute';
import { FakeLoadBalancer } from './fake-load-balancer';
import { FakeScaling } from './fake-scaling';
import { FakeTable } from './fake-table';
import { takingTurns } from './interleaving';

export const DIGEST = `sha256:${'a'.repeat(64)}`;
export const aReleaseRun = (name = 'first') =>
  `arn:aws:states:eu-central-1:111122223333:execution:TenantRelease:${name}`;
const cell = aCell({ alarmNames: ['cell-errors'], liveTasks: { min: 2, max: 30 } });

/** A load balancer that also knows the health of targets. */
class Balancer extends FakeLoadBalancer {
  /** States of a target group's targets, by its ARN; one healthy target where nothing is said. */
  readonly targets = new Map<string, readonly string[]>();
  private readonly rulesOnly = this.send;

  readonly answering = async (command: { input: { TargetGroupArn?: string } }): Promise<never> => {
    if (command.constructor.name !== 'DescribeTargetHealthCommand') return await this.rulesOnly(command);
    const states = this.targets.get(command.input.TargetGroupArn ?? '') ?? ['healthy'];
    return { TargetHealthDescriptions: states.map((State) => ({ TargetHealth: { State } })) } as never;
  };
}

/** One cell with tenants in service, and what a release does to them. Every page is served by the colour of its rule. */
export class ReleaseWorld {
  readonly elb = new Balancer();
  readonly table: FakeTable;
  readonly hosts: readonly string[];
  /** What CloudWatch tells of each colour's requests since the ring was moved: query id without colour -> value. */
  readonly traffic: Partial<Record<'blue' | 'green', Readonly<Record<string, number>>>> = {};
  /** Alarms as DescribeAlarms tells them. */
  alarms: readonly object[] = [];
  readonly cloudwatch = new FakeClient({
    DescribeAlarmsCommand: () => ({ MetricAlarms: this.alarms }),
    GetMetricDataCommand: () => ({ MetricDataResults: this.metrics() }),
  });
  readonly scaling = new FakeScaling(cell);
  /** Tasks that each service should have. */
  readonly desired: Record<string, number> = { [cell.services.blue]: 3, [cell.services.green]: 3 };
  readonly ecs = new FakeClient({
    DescribeServicesCommand: ({ services: [name = ''] }: { services: string[] }) => ({
      services: [{ desiredCount: this.desired[name], deployments: [] }],
    }),
    UpdateServiceCommand: ({ service, desiredCount }: { service: string; desiredCount: number }) => {
      this.desired[service] = desiredCount;
      return {};
    },
  });
  /** Milliseconds that a page of a colour takes. */
  readonly msOf: Partial<Record<'blue' | 'green', number>> = {};
  now = new Date(NOW);
  /** Statuses that pages answer on a colour; 200 where nothing is said. */
  readonly statusOf: Partial<Record<'blue' | 'green', () => number>> = {};
  executionArn = aReleaseRun();
  redriveCount = 0;
  /** Before each call of a function that begins from now on. */
  turn: ((command: string) => Promise<unknown>) | undefined;

  /** @param ringZero a page of the cell's own that releases move first, if the test wants one */
  constructor(
    tenants: readonly { readonly subdomain: string; readonly plan?: TenantRecord['plan'] }[],
    readonly ringZero?: NonNullable<CellDescriptor['ringZero']>,
  ) {
    const live: LiveColour = { colour: 'blue', since: NOW };
    this.table = new FakeTable({ ...itemKeys.liveColour(cell.name), ...live });
    this.hosts = tenants.map(({ subdomain, plan = 'enterprise' }, number) => {
      const tenant = aTenant({
        signupId: `sub_${subdomain}`,
        tenantId: tenantIdOf(`sub_${subdomain}`),
        subdomain,
        plan,
        slot: { cell: cell.name, number, priority: 1000 + number, cidr: '10.64.0.0/24' },
      });
      const rule = this.elb.add(tenant.slot.priority, tenant.host, tenant.tenantId);
      rule.RuleArn = `arn:rule/${tenant.slot.priority}`;
      rule.Actions = [{ Type: 'forward', TargetGroupArn: cell.targetGroupArns.blue }];
      const record = aTenantRecord({ ...tenant, status: 'ACTIVE', activatedAt: NOW, ruleArn: rule.RuleArn });
      this.table.put({
        ...itemKeys.tenant(tenant.tenantId),
        ...stateKeys.tenant('ACTIVE', tenant.tenantId),
        ...record,
      });
      this.table.put({
        ...itemKeys.route(tenant.host),
        ...{ host: tenant.host, tenantId: tenant.tenantId, status: 'ACTIVE' },
      });
      return tenant.host;
    });
    if (ringZero) {
      const rule = this.elb.add(3, ringZero.host);
      rule.RuleArn = ringZero.ruleArn;
      rule.Actions = [{ Type: 'forward', TargetGroupArn: cell.targetGroupArns.blue }];
    }
  }

  get compute(): Pick<Compute, 'readableCells' | 'live' | 'requireHealthyTarget'> {
    const { table, elb } = this.clients;
    return { ...tableLiveColour(table), ...targetHealth(elb), readableCells: readable(cell) };
  }

  private get clients() {
    const elb = this.inTurn({ send: this.elb.answering as never });
    const table: TenantsTable = { name: this.table.name, client: this.inTurn(this.table.client) };
    return { table, elb };
  }

  private get deps() {
    const { table, elb } = this.clients;
    const { compute } = this;
    const page = async (_: unknown, host: string) => {
      const colour = this.colours()[host];
      const ms = colour && this.msOf[colour];
      if (!colour) return { ms, status: host in this.colours() ? 503 : 404, body: '' };
      return { ms, status: this.statusOf[colour]?.() ?? 200, body: '', version: 'v1' };
    };
    const now = () => this.now;
    const { cloudwatch, ecs, scaling } = this;
    return { table, elb, compute, cloudwatch, ecs, scaling, page, now, graceSeconds: 60, wait: async () => undefined };
  }

  /** Every call waits for its turn, if the test gives turns. */
  private inTurn<C extends { readonly send: (command: never) => Promise<unknown> }>(client: C): C {
    return this.turn ? takingTurns(client, this.turn) : client;
  }

  private metrics() {
    return Object.entries(this.traffic).flatMap(([colour, values]) =>
      Object.entries(values).map(([id, value]) => ({ Id: `${colour}_${id}`, Timestamps: [this.now], Values: [value] })),
    );
  }

  claim(releaseId = 'r1', executionArn = this.executionArn, more: object = {}) {
    const { table } = this;
    const request = { cell: cell.name, digest: DIGEST, releaseId, ...more };
    const compute = { readableCells: readable({ ...cell, ringZero: this.ringZero }) };
    const input = { executionArn, redriveCount: this.redriveCount, request };
    return claimRelease.run({ table, compute, now: () => new Date(NOW) }, input);
  }

  async claimed(more: object = {}): Promise<Release> {
    const claimed = await this.claim(undefined, undefined, more);
    if (claimed.outcome !== 'claimed') throw new Error('nothing was claimed');
    return claimed.release;
  }

  shift(release: Release, ring = 1) {
    return shiftRing.run(this.deps, { release, executionArn: this.executionArn, ring });
  }

  judge(release: Release) {
    return judgeRing.run(this.deps, { release, executionArn: this.executionArn });
  }

  settle(release: Release) {
    return settleRelease.run(this.deps, { release, executionArn: this.executionArn });
  }

  goBack(release: Release) {
    const failure = { step: 'JudgeRing', error: 'ReleaseUnhealthy', reason: 'pages failed' };
    return returnTenants.run(this.deps, { release, executionArn: this.executionArn, failure });
  }

  suspend(subdomain: string) {
    const tenant = tenantIdOf(`sub_${subdomain}`);
    const page = async () => ({ status: 503, body: '' });
    return suspendTenant.run({ ...this.deps, page }, { tenant, by: 'operator', reason: 'asked for' });
  }

  resume(subdomain: string) {
    return resumeTenant.run(this.deps, { tenant: tenantIdOf(`sub_${subdomain}`) });
  }

  /** Rings until no tenant is left. @returns how many each has moved */
  async shiftAll(release: Release): Promise<number[]> {
    const moved: number[] = [];
    for (let ring = 1, left = 1; left > 0; ring++) {
      const done = await this.shift(release, ring);
      moved.push(done.moved);
      ({ ring, left } = done);
    }
    return moved;
  }

  /** The colour to which each host's rule forwards; undefined: the rule answers itself. */
  colours(): Record<string, 'blue' | 'green' | undefined> {
    const named = (arn: string | undefined) =>
      arn === cell.targetGroupArns.blue ? 'blue' : arn === cell.targetGroupArns.green ? 'green' : undefined;
    return Object.fromEntries(
      this.elb.rules.map(({ hosts: [host = ''], Actions: [action] }) => [host, named(action?.TargetGroupArn)]),
    );
  }

  /** The same, by subdomain. */
  bySubdomain = () => Object.fromEntries(Object.entries(this.colours()).map(([host, to]) => [host.split('.')[0], to]));

  /** Somebody lets a tenant's rule lead to a target group, or answer by itself. */
  pointed(subdomain: string, TargetGroupArn: string | undefined): void {
    const rule = this.elb.rules.find(({ hosts: [host] }) => host?.startsWith(`${subdomain}.`));
    if (rule) rule.Actions = [TargetGroupArn ? { Type: 'forward', TargetGroupArn } : { Type: 'fixed-response' }];
  }

  /** Somebody removes a tenant. */
  forget(subdomain: string): void {
    const { pk, sk } = itemKeys.tenant(tenantIdOf(`sub_${subdomain}`));
    this.table.items.delete(`${pk}|${sk}`);
  }

  live = () => this.table.get(itemKeys.liveColour(cell.name)) as unknown as LiveColour;
  claimNow = () => this.table.get(itemKeys.release(cell.name)) as unknown as ReleaseClaim;
  record = (subdomain: string) =>
    this.table.get(itemKeys.tenant(tenantIdOf(`sub_${subdomain}`))) as unknown as TenantRecord &
      Record<string, unknown>;

  /** As SuspendTenant does, in two writes that the test may put between others. */
  suspendRecord(subdomain: string): void {
    const record = this.record(subdomain);
    this.table.put({ ...record, ...stateKeys.tenant('SUSPENDED', record.tenantId), status: 'SUSPENDED' });
  }

  /** As somebody does by hand who deletes the attribute. */
  loseRule(subdomain: string): void {
    const { ruleArn: _, ...record } = this.record(subdomain);
    this.table.put(record);
  }
}
