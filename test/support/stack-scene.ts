import type { StackStatus } from '@aws-sdk/client-cloudformation';
import { tenantNames } from '../../functions/contract/naming';
import { itemKeys, type TenantRecord, type WaitingTask } from '../../functions/contract/records';
import type { StackKind } from '../../functions/contract/stacks';
import { deregisterTenant } from '../../functions/routing/deregister-tenant';
import { deleteStack } from '../../functions/stacks/delete-stack';
import { launchStack } from '../../functions/stacks/launch-stack';
import { settleStack } from '../../functions/stacks/settle-stack';
import { ACCOUNT_ID, aCell, aKey, anExecution, aTenant, aTenantRecord, NOW, REGION, theStacks } from './builders';
import { FakeBuckets } from './fake-buckets';
import { FakeBus } from './fake-bus';
import { FakeDatabases } from './fake-databases';
import { FakeLoadBalancer } from './fake-load-balancer';
import { type FakeStack, FakeStacks } from './fake-stacks';
import { FakeTable } from './fake-table';
import { FakeTasks } from './fake-tasks';
import { takingTurns } from './interleaving';

const tenant = aTenant();
const template = (kind: StackKind) => ({ url: `https://assets.example/${kind}.json`, version: `${kind}-v1` });

/** A tenant that is being onboarded, with its stacks, its bucket and the tasks that wait for them. */
export class StackScene {
  readonly table: FakeTable;
  readonly cloudformation = new FakeStacks();
  readonly sfn = new FakeTasks();
  readonly s3 = new FakeBuckets();
  readonly rds = new FakeDatabases();
  private time = Date.parse(NOW);
  readonly bucket = tenantNames.bucket(tenant.tenantId, ACCOUNT_ID, REGION);
  readonly fakes: readonly [FakeTable, FakeStacks, FakeTasks, FakeBuckets, FakeDatabases];

  constructor(record: Partial<TenantRecord> = {}) {
    this.table = new FakeTable({ ...itemKeys.tenant(tenant.tenantId), ...aTenantRecord(record) });
    this.fakes = [this.table, this.cloudformation, this.sfn, this.s3, this.rds];
  }

  /** What the functions work with. */
  get deps() {
    const { table, cloudformation, sfn, s3, rds } = this;
    const platform = {
      accountId: ACCOUNT_ID,
      region: REGION,
      boundaryArn: `arn:aws:iam::${ACCOUNT_ID}:policy/tenant-boundary`,
      alarmTopicArn: `arn:aws:sns:${REGION}:${ACCOUNT_ID}:alarms`,
      runbookUrl: 'https://runbook.acme.io',
      trustedRoleArns: [`arn:aws:iam::${ACCOUNT_ID}:role/VerifyIsolation`],
      availabilityZones: [],
      stackRoleArn: `arn:aws:iam::${ACCOUNT_ID}:role/tenant-onboarding-stacks`,
      templates: {
        network: template('network'),
        database: template('database'),
        storage: template('storage'),
        access: template('access'),
      },
    };
    return { table, cloudformation, sfn, s3, rds, platform, now: () => new Date(this.time) };
  }

  readonly launch = (
    stack: StackKind,
    { taskToken = 'launch-1', executionArn = anExecution(), deps = this.deps } = {},
  ) => {
    const { network, database } = theStacks();
    const outputs = { network: network.outputs, database: database.outputs };
    return launchStack.run(deps, { executionArn, tenant, cell: aCell(), key: aKey(), taskToken, stack, outputs });
  };

  readonly delete = (
    stack: StackKind,
    { taskToken = 'delete-1', executionArn = anExecution(), deps = this.deps } = {},
  ) => deleteStack.run(deps, { executionArn, tenant, taskToken, stack });

  /** DeregisterTenant, with which every rollback begins. */
  readonly beginRollback = ({ table, cloudformation }: Pick<StackScene['deps'], 'table' | 'cloudformation'> = this) => {
    const failure = { step: 'ProvisionStacks', error: 'StackFailed', reason: 'a sibling' };
    const elb = new FakeLoadBalancer();
    return deregisterTenant.run(
      { table, elb, cloudformation, bus: new FakeBus(), now: () => new Date(this.time) },
      { executionArn: anExecution(), tenant, cell: aCell(), redriveCount: 0, failure },
    );
  };

  /** CloudFormation announces that a stack has become something. */
  async announce(stack: FakeStack, status: StackStatus, outputs: Record<string, string | undefined> = {}) {
    this.cloudformation.become(stack, status, outputs);
    return this.event(stack.StackId, status);
  }

  /** Delivers a status event, on time or late. @param token of its operation, which is the latest one of the stack by default */
  readonly event = (stackId: string, status: string, token = this.tokenOf(stackId)) =>
    settleStack(this.deps, stackId, status, token);

  readonly tokenOf = (stackId: string) =>
    this.cloudformation.stacks.find(({ StackId }) => StackId === stackId)?.ClientRequestToken;

  /** The newest stack of a kind, deleted ones included. */
  stack(kind: StackKind): FakeStack | undefined {
    const name = tenantNames.stack(tenant.tenantId, kind);
    return this.cloudformation.stacks.findLast(({ StackName }) => StackName === name);
  }

  /** A stack as an earlier run has left it. */
  leftover(kind: StackKind, StackStatus: StackStatus): FakeStack {
    const stack = this.cloudformation.add(tenantNames.stack(tenant.tenantId, kind));
    this.cloudformation.become(stack, StackStatus, theStacks()[kind].outputs);
    return stack;
  }

  waiting(kind: StackKind): WaitingTask | undefined {
    return this.table.get(itemKeys.waitingTask(tenantNames.stack(tenant.tenantId, kind))) as WaitingTask | undefined;
  }

  become(change: Partial<TenantRecord>): void {
    this.table.put({ ...this.table.get(itemKeys.tenant(tenant.tenantId)), ...change });
  }

  pass(seconds: number): void {
    this.time += seconds * 1000;
  }

  /** The same scene's dependencies, every call of which waits for its turn. */
  inTurns(turn: (command: string) => Promise<unknown>): StackScene['deps'] {
    const { table, cloudformation, sfn, s3, rds } = this;
    return {
      ...this.deps,
      table: Object.create(table, { client: { value: takingTurns(table.client, turn) } }),
      cloudformation: takingTurns(cloudformation, turn),
      sfn: takingTurns(sfn, turn),
      s3: takingTurns(s3, turn),
      rds: takingTurns(rds, turn),
    };
  }
}
