import { itemKeys, type RouteRecord, type TenantRecord } from '../../functions/contract/records';
import { STACK_KINDS } from '../../functions/contract/stacks';
import type { HostedZone } from '../../functions/dns/hosted-zone';
import { activateTenant } from '../../functions/routing/activate-tenant';
import { holdHost } from '../../functions/routing/host-rule';
import { aCell, aKey, anExecution, aTenant, aTenantRecord, NOW, theStacks } from './builders';
import { FakeBuckets } from './fake-buckets';
import { FakeClient } from './fake-client';
import { FakeCompute } from './fake-compute';
import { FakeDatabases } from './fake-databases';
import { FakeLoadBalancer } from './fake-load-balancer';
import { FakeStacks } from './fake-stacks';
import { FakeTable } from './fake-table';

const tenant = aTenant();
const stacks = theStacks();
const BUCKET = stacks.storage.outputs.BucketName;
export const VERIFIED = { verifiedAt: NOW, checks: 89, digest: 'd1' };

/** A tenant that is registered and verified, ready to be activated. */
export class Activation {
  readonly table: FakeTable;
  readonly elb = new FakeLoadBalancer();
  readonly compute = new FakeCompute();
  /** As the execution's state holds it. */
  cell = aCell();
  /** The stage's hosted zone, and the change of it that made the tenant's records; none: a stage without a zone. */
  name: { readonly zone: HostedZone; readonly changeId: string } | undefined;
  readonly cloudformation = new FakeStacks();
  readonly s3 = new FakeBuckets();
  readonly rds = new FakeDatabases();
  /** What AssumeRole answers; an Error is thrown. */
  session: unknown = { Credentials: { AccessKeyId: 'ASIA', SecretAccessKey: 'secret', SessionToken: 'token' } };
  readonly sts = new FakeClient({ AssumeRoleCommand: () => this.session });
  readonly fakes: readonly [
    FakeTable,
    FakeLoadBalancer,
    FakeStacks,
    FakeBuckets,
    FakeClient,
    FakeCompute,
    FakeDatabases,
  ];

  private constructor(record: Partial<TenantRecord>) {
    const route: RouteRecord = {
      host: tenant.host,
      tenantId: tenant.tenantId,
      companyName: 'Acme GmbH',
      status: 'SETTING_UP',
      roleArn: stacks.access.outputs.RoleArn,
      externalId: tenant.externalId,
      bucketName: BUCKET,
      keyArn: aKey().keyArn,
    };
    this.table = new FakeTable(
      { ...itemKeys.tenant(tenant.tenantId), ...aTenantRecord({ verification: VERIFIED, ...record }) },
      { ...itemKeys.route(tenant.host), ...route },
    );
    for (const kind of STACK_KINDS) this.cloudformation.add(stacks[kind].stackName, { StackStatus: 'CREATE_COMPLETE' });
    this.s3.fill(BUCKET, 0);
    this.rds.addOf(stacks.database.outputs);
    this.fakes = [this.table, this.elb, this.cloudformation, this.s3, this.sts, this.compute, this.rds];
  }

  static async ready(record: Partial<TenantRecord> = {}): Promise<Activation> {
    const activation = new Activation(record);
    await holdHost(activation.elb, aCell(), tenant);
    return activation;
  }

  readonly activate = (executionArn = anExecution()) => {
    const { table, elb, compute, cloudformation, rds, sts, s3, cell } = this;
    const zone = this.name?.zone;
    const deps = { table, elb, zone, compute, cloudformation, rds, sts, s3As: () => s3, now: () => new Date(NOW) };
    const nameChangeId = this.name?.changeId;
    const route = { ruleArn: this.rule?.RuleArn ?? '', ...(nameChangeId && { nameChangeId }) };
    const input = { executionArn, tenant, cell, key: aKey(), stacks, route, verification: VERIFIED };
    return activateTenant.run(deps, input);
  };

  get rule() {
    return this.elb.at(tenant.slot.priority);
  }
  get page(): string | undefined {
    return this.s3.buckets.get(BUCKET)?.findLast(({ Key }) => Key === 'index.html')?.body;
  }
  get record(): TenantRecord {
    return this.table.get(itemKeys.tenant(tenant.tenantId)) as TenantRecord;
  }
  get route(): RouteRecord {
    return this.table.get(itemKeys.route(tenant.host)) as RouteRecord;
  }
  get protectedStacks(): number {
    return this.cloudformation.stacks.filter(({ EnableTerminationProtection }) => EnableTerminationProtection).length;
  }

  /** Whether a request of the world may reach the tenant: the rule forwards, and the shared service serves the host. */
  get open(): boolean {
    return this.rule?.Actions[0]?.Type === 'forward' && this.route?.status === 'ACTIVE';
  }

  become(change: Partial<TenantRecord>): void {
    this.table.put({ ...this.table.get(itemKeys.tenant(tenant.tenantId)), ...change });
  }
}
