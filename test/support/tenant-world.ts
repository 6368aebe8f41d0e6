import type * as z from 'zod';
import { isTransient } from '../../functions/contract/errors';
import { functionRoleName, TENANT_TAG, tenantIdOf, tenantNames } from '../../functions/contract/naming';
import { itemKeys, type TenantRecord } from '../../functions/contract/records';
import type { StackKind, TenantStacks } from '../../functions/contract/stacks';
import type { Tenant } from '../../functions/contract/tenant';
import { prepareDatabase } from '../../functions/database/prepare-database';
import { createTenantKey } from '../../functions/key/create-tenant-key';
import { organizationOf } from '../../functions/key/organization';
import { retireTenantKey } from '../../functions/key/retire-tenant-key';
import { publishCompletion } from '../../functions/outcome/publish-completion';
import { publishFailure } from '../../functions/outcome/publish-failure';
import { releaseReservation } from '../../functions/reservation/release-reservation';
import { reserveTenant } from '../../functions/reservation/reserve-tenant';
import { activateTenant } from '../../functions/routing/activate-tenant';
import { deregisterTenant } from '../../functions/routing/deregister-tenant';
import { registerTenant } from '../../functions/routing/register-tenant';
import { type Action, actionHandler } from '../../functions/shared/action-handler';
import { deleteStack } from '../../functions/stacks/delete-stack';
import { launchStack } from '../../functions/stacks/launch-stack';
import { settleStack } from '../../functions/stacks/settle-stack';
import { MIGRATION_FILES } from '../../service/migrations/manifest';
import { ACCOUNT_ID, aCell, anExecution, aSignup, DOMAIN, NOW, REGION, theStacks } from './builders';
import { wasKilled } from './deaths';
import { FakeBuckets } from './fake-buckets';
import { FakeBus } from './fake-bus';
import { awsError, FakeClient } from './fake-client';
import { FakeCompute } from './fake-compute';
import { FakeDatabases } from './fake-databases';
import { FakeKeys } from './fake-keys';
import { FakeLoadBalancer } from './fake-load-balancer';
import { FakeStacks } from './fake-stacks';
import { FakeTable } from './fake-table';
import { FakeTasks } from './fake-tasks';
import { FakeZone } from './fake-zone';
import { aContext } from './lambda-context';

const VERIFICATION = { checks: 89, verifiedAt: NOW, digest: 'd1' };
const STACK_ROLE_ARN = `arn:aws:iam::${ACCOUNT_ID}:role/tenant-onboarding-stacks`;
const template = (kind: StackKind) => ({ url: `https://assets.example/${kind}.json`, version: '0123456789ab' });
/** Credentials of a tenant's role, as ActivateTenant gets them. */
export const SESSION = { AccessKeyId: 'ASIACANARY', SecretAccessKey: 'secret-canary', SessionToken: 'session-canary' };

/** The master user of a tenant's database, and its token, which are for SetUpDatabase alone. */
export const MASTER = { username: 'tenant_admin', password: 'master-canary' };
export const LOGIN_TOKEN = 'login-canary';

/**
 * An account with a cell, in which the real steps onboard the tenant of `aSignup()` and undo it: every service is a fake,
 * time passes when it is told to, and a stack is complete, or gone, as soon as its function has ended.
 */
export class TenantWorld {
  readonly table = new FakeTable({ ...itemKeys.liveColour(aCell().name), colour: 'blue', since: NOW });
  readonly kms = new FakeKeys();
  readonly cloudformation = new FakeStacks();
  readonly sfn = new FakeTasks();
  readonly s3 = new FakeBuckets();
  readonly rds = new FakeDatabases();
  readonly elb = new FakeLoadBalancer();
  readonly zone = new FakeZone();
  readonly bus = new FakeBus();
  readonly compute = new FakeCompute();
  readonly sts = new FakeClient({
    AssumeRoleCommand: { Credentials: SESSION },
  });
  readonly secrets = new FakeClient({ GetSecretValueCommand: { SecretString: JSON.stringify(MASTER) } });
  /** Secrets Manager as PrepareDatabase calls it with its own role. */
  readonly rotations = new FakeClient({ RotateSecretCommand: {} });
  /** SetUpDatabase of the cell, as Lambda answers for it. */
  readonly cellFunctions = new FakeClient({
    InvokeCommand: { Payload: Buffer.from(JSON.stringify({ version: '0001-leads-0123456789ab' })) },
  });
  readonly organizations = new FakeClient({
    DescribeOrganizationCommand: awsError('AWSOrganizationsNotInUseException'),
  });
  readonly organizationId = organizationOf(this.organizations);
  /** Executions that are gone, and those that have succeeded, by ARN; the others run. */
  readonly gone = new Set<string>();
  readonly succeeded = new Set<string>();
  readonly executions = new FakeClient({
    DescribeExecutionCommand: ({ executionArn }: { executionArn: string }) => ({
      status: this.gone.has(executionArn) ? 'FAILED' : this.succeeded.has(executionArn) ? 'SUCCEEDED' : 'RUNNING',
    }),
  });
  readonly fakes;
  /** What functions have answered the machine with, in order. */
  readonly outputs: unknown[] = [];
  readonly tenantId = tenantIdOf(aSignup().signupId);
  readonly bucket = tenantNames.bucket(this.tenantId, ACCOUNT_ID, REGION);
  private time = Date.parse(NOW);
  private tokens = 0;

  constructor() {
    const { table, kms, cloudformation, sfn, s3, rds, elb, bus, compute, sts, organizations, executions } = this;
    const { client } = this.zone;
    this.fakes = [
      table,
      kms,
      cloudformation,
      sfn,
      s3,
      rds,
      elb,
      client,
      bus,
      compute,
      sts,
      this.secrets,
      this.rotations,
      this.cellFunctions,
      organizations,
      executions,
    ] as const;
    this.cloudformation.now = () => new Date(this.time);
    this.kms.principals.add(STACK_ROLE_ARN);
    for (const name of ['CreateTenantKey', 'RetireTenantKey'])
      this.kms.principals.add(`arn:aws:iam::${ACCOUNT_ID}:role/${functionRoleName(name)}`);
  }

  get deps() {
    const { table, kms, cloudformation, sfn, s3, rds, elb, bus, compute, sts, organizationId, executions } = this;
    return {
      ...{ table, kms, sfn, s3, rds, elb, bus, compute, sts, organizationId, executions },
      zone: this.zone,
      ...{ cloudformation, kmsOnce: kms, tagging: kms, s3As: () => s3 },
      files: MIGRATION_FILES,
      ...{ secrets: this.rotations, rotationFunction: 'arn:aws:lambda:eu-central-1:1:function:rotate' },
      ...{ lambda: this.cellFunctions, secretsAs: () => this.secrets, signLogin: async () => LOGIN_TOKEN },
      address: { domain: DOMAIN, urlScheme: 'https' },
      platform: {
        accountId: ACCOUNT_ID,
        region: REGION,
        stackRoleArn: STACK_ROLE_ARN,
        boundaryArn: `arn:aws:iam::${ACCOUNT_ID}:policy/tenant-boundary`,
        alarmTopicArn: `arn:aws:sns:${REGION}:${ACCOUNT_ID}:alarms`,
        runbookUrl: 'https://runbook.acme.io',
        trustedRoleArns: [`arn:aws:iam::${ACCOUNT_ID}:role/VerifyIsolation`],
        availabilityZones: [],
        templates: {
          network: template('network'),
          database: template('database'),
          storage: template('storage'),
          access: template('access'),
        },
      },
      page: async () => ({ status: this.pageStatus, body: '', version: 'v1' }),
      meter: { count: () => {} },
      now: () => new Date(this.time),
      random: () => 0,
    };
  }

  /** What the load balancer answers to a request for the tenant's page. */
  pageStatus = 200;

  pass(seconds: number): void {
    this.time += seconds * 1000;
  }

  get record(): TenantRecord | undefined {
    return this.table.get(itemKeys.tenant(this.tenantId)) as TenantRecord | undefined;
  }
  become(change: Partial<TenantRecord>): void {
    this.table.put({ ...this.table.get(itemKeys.tenant(this.tenantId)), ...change });
  }

  /** As if the activation, and only it, had never been: fully provisioned, and yet to be undone. */
  deactivate(change: Partial<TenantRecord> = {}): void {
    const { activatedAt: _, ...record } = this.table.get(itemKeys.tenant(this.tenantId)) ?? { pk: '', sk: '' };
    this.table.put({ ...record, status: 'ONBOARDING', ...change });
  }

  /** Counts the calls of the invocation that begins, until the answer is called. */
  private counted(action: string): () => void {
    let calls = 0;
    const hooks = this.fakes.map((fake) => [fake, fake.before] as const);
    for (const [fake, before] of hooks) {
      fake.before = (command: string) => {
        calls += 1;
        before(command);
      };
    }
    return () => {
      for (const [fake, before] of hooks) fake.before = before;
      this.calls.set(action, Math.max(this.calls.get(action) ?? 0, calls));
    };
  }

  /** A function as Lambda calls it, through its handler: what goes in and comes out is JSON. */
  async invoke<I extends z.ZodType, O extends z.ZodType>(
    action: Action<I, O, TenantWorld['deps']>,
    input: unknown,
  ): Promise<z.output<O>> {
    const made = this.counted(action.name);
    const output = await actionHandler(action, this.deps)(JSON.parse(JSON.stringify(input)), aContext(action.name));
    made();
    this.outputs.push(output);
    return output;
  }

  /** Whether the machine calls a function again that was killed. If not, a test sees what the death has left. */
  callsKilledAgain = false;
  /** AWS calls of the longest invocation of each action. */
  readonly calls = new Map<string, number>();

  /** A step as the machine runs it: what is transient is tried again a minute later. */
  async retried<T>(step: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await step();
      } catch (thrown) {
        if (this.callsKilledAgain && wasKilled(thrown)) this.revive();
        else if (attempt === 8 || !(thrown instanceof Error && isTransient(thrown.name))) throw thrown;
        this.pass(60);
      }
    }
  }

  /** A killed function makes no calls any more; the next one does. */
  private revive(): void {
    for (const fake of this.fakes) fake.before = fake.after = () => {};
  }

  private async launch(stack: StackKind, made: Partial<TenantStacks>, given: Given) {
    const taskToken = `token-canary-${++this.tokens}`;
    const outputs = {
      ...(made.network && { network: made.network.outputs }),
      ...(made.database && { database: made.database.outputs }),
    };
    const { stackId } = await this.invoke(launchStack, { ...given, taskToken, stack, outputs });
    const found = this.cloudformation.stacks.find(({ StackId }) => StackId === stackId);
    if (found && !this.sfn.answers.has(taskToken)) {
      const deleted = found.StackStatus === 'DELETE_IN_PROGRESS';
      this.cloudformation.become(found, deleted ? 'DELETE_COMPLETE' : 'CREATE_COMPLETE', theStacks()[stack].outputs);
      if (stack === 'storage' && !deleted) this.s3.fill(this.bucket, 0);
      if (stack === 'database' && !deleted) this.rds.addOf(theStacks().database.outputs);
      await settleStack(this.deps, stackId, found.StackStatus);
    }
    const answer = this.sfn.answers.get(taskToken);
    if (!answer || 'error' in answer) throw awsError(answer?.error ?? 'States.Timeout', answer?.cause);
    return answer.output as TenantStacks[typeof stack];
  }

  private async provision(given: Given): Promise<TenantStacks> {
    const made: Partial<TenantStacks> = {};
    for (const kind of ['network', 'database', 'access', 'storage'] as const)
      Object.assign(made, { [kind]: await this.retried(() => this.launch(kind, made, given)) });
    return made as TenantStacks;
  }

  /** The forward steps in the machine's order; VerifyIsolation, which makes nothing, is a note on the record. */
  async onboard(executionArn = anExecution()): Promise<void> {
    const reserved = await this.retried(() => this.invoke(reserveTenant, { executionArn, input: aSignup() }));
    if (reserved.outcome === 'duplicate') {
      const { tenant, firstExecutionArn: activatedBy } = reserved;
      if (tenant) await this.invoke(publishCompletion, { executionArn, tenant, activatedBy });
      return;
    }
    const { tenant, cell } = reserved;
    this.tenant = tenant;
    const own = { executionArn, tenant };
    const key = await this.retried(() => this.invoke(createTenantKey, own));
    const stacks = await this.provision({ ...own, cell, key });
    const built = { ...own, cell, key, stacks };
    await this.retried(() => this.invoke(prepareDatabase, built));
    const route = await this.retried(() => this.invoke(registerTenant, built));
    this.become({ verification: VERIFICATION });
    await this.retried(() => this.invoke(activateTenant, { ...built, route, verification: VERIFICATION }));
    await this.announce(executionArn);
  }

  async announce(executionArn = anExecution()): Promise<void> {
    const { tenant } = this;
    if (tenant) await this.retried(() => this.invoke(publishCompletion, { executionArn, tenant, cell: aCell() }));
  }
  /** What the machine's variable `tenant` holds: null until the reservation has answered. */
  tenant: Tenant | null = null;

  /** The undo functions by name, as the machine calls them. */
  undos(executionArn = anExecution()): Record<string, () => Promise<unknown>> {
    const tenant = this.tenant;
    const release = () => this.invoke(releaseReservation, { executionArn, input: aSignup() });
    if (!tenant) return { ReleaseReservation: release };
    const failure = { step: 'RegisterTenant', error: 'AccessDenied', reason: 'a grant is missing' };
    return {
      DeregisterTenant: () => this.invoke(deregisterTenant, { executionArn, tenant, cell: aCell(), failure }),
      DeleteStack: async () => {
        for (const kind of ['access', 'database', 'network', 'storage'] as const)
          await this.retried(() => this.deleteStack(kind, { executionArn, tenant }));
      },
      RetireTenantKey: () => this.invoke(retireTenantKey, { executionArn, tenant }),
      ReleaseReservation: release,
    };
  }

  private async deleteStack(stack: StackKind, own: Pick<Given, 'executionArn' | 'tenant'>): Promise<void> {
    const taskToken = `token-canary-${++this.tokens}`;
    await this.invoke(deleteStack, { ...own, taskToken, stack });
    const found = this.cloudformation.stacks.findLast(
      (each) => each.StackName === tenantNames.stack(this.tenantId, stack),
    );
    if (found?.StackStatus === 'DELETE_IN_PROGRESS') {
      if (stack === 'database' && this.rds.protectedIds.length > 0)
        throw new Error('RDS deletes no protected database');
      this.cloudformation.become(found, 'DELETE_COMPLETE');
      if (stack === 'storage') this.s3.buckets.delete(this.bucket);
      if (stack === 'database') this.rds.instances.clear();
      await settleStack(this.deps, found.StackId, 'DELETE_COMPLETE');
    }
    const answer = this.sfn.answers.get(taskToken);
    if (!answer || 'error' in answer) throw awsError(answer?.error ?? 'States.Timeout', answer?.cause);
  }

  /**
   * The whole rollback in the machine's order, and the failure told. A redrive resumes at the state that failed: once the
   * tenant is FAILED, that is only the telling.
   */
  async rollBack(executionArn = anExecution()): Promise<void> {
    const over = this.record?.status === 'FAILED';
    for (const undo of over ? [] : Object.values(this.undos(executionArn))) await this.retried(undo);
    const failure = { step: 'RegisterTenant', error: 'AccessDenied', reason: 'a grant is missing' };
    const { tenant } = this;
    const told = { executionArn, input: aSignup(), tenant, failure, outcome: 'rolled-back' } as const;
    await this.retried(() => this.invoke(publishFailure, told));
    this.tenant = null;
  }

  /** The failure of a run that reserved nothing, told as the machine has it told. */
  async fails({ executionArn, error }: { executionArn: string; error: string }): Promise<void> {
    const failure = { step: 'ReserveTenant', error, reason: 'as the function said' };
    const told = { executionArn, input: aSignup(), tenant: null, failure, outcome: 'rolled-back' } as const;
    await this.retried(() => this.invoke(publishFailure, told));
  }

  /** Everything that costs money, holds a name, or waits: what all-or-nothing must not leave. */
  leftovers(): string[] {
    const held = /^(?:CELL#.+\|SLOT#|SUBDOMAIN#.+\|CLAIM|ROUTE#|STACK#)/;
    return [
      ...this.cloudformation.living().map(({ StackName }) => `stack ${StackName}`),
      ...this.kms.living().map(({ KeyId }) => `key ${KeyId}`),
      ...[...this.kms.aliases.keys()].map((alias) => `alias ${alias}`),
      ...this.elb.rules.map(({ Priority, tags }) => `rule ${Priority} of ${tags[TENANT_TAG]}`),
      ...this.zone.records.map(({ Name, Type }) => `record ${Name} ${Type}`),
      ...[...this.s3.buckets.keys()].map((bucket) => `bucket ${bucket}`),
      ...[...this.rds.instances.keys()].map((id) => `database ${id}`),
      ...[...this.table.items.keys()].filter((key) => held.test(key)),
    ];
  }

  /** All that there is, to be compared with itself later. */
  snapshot(): unknown {
    const { table, kms, cloudformation, elb, zone, s3, rds, sfn, bus } = this;
    return structuredClone({
      items: table.items,
      keys: kms.keys,
      aliases: kms.aliases,
      stacks: cloudformation.stacks,
      rules: elb.rules,
      records: zone.records,
      buckets: s3.buckets,
      databases: rds.instances,
      answers: sfn.answers,
      events: bus.events,
    });
  }
}

interface Given {
  readonly executionArn: string;
  readonly tenant: Tenant;
  readonly cell: ReturnType<typeof aCell>;
  readonly key: { readonly keyArn: string; readonly aliasName: string };
}
