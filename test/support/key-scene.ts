import { functionRoleName, TENANT_TAG, tenantNames } from '../../functions/contract/naming';
import { itemKeys, type TenantRecord } from '../../functions/contract/records';
import { createTenantKey } from '../../functions/key/create-tenant-key';
import { organizationOf } from '../../functions/key/organization';
import { retireTenantKey } from '../../functions/key/retire-tenant-key';
import { ACCOUNT_ID, anExecution, aTenant, aTenantRecord, NOW, REGION } from './builders';
import { awsError, FakeClient } from './fake-client';
import { type FakeKey, FakeKeys } from './fake-keys';
import { FakeTable } from './fake-table';
import { takingTurns } from './interleaving';

export const STACK_ROLE_ARN = `arn:aws:iam::${ACCOUNT_ID}:role/tenant-onboarding-stacks`;
const tenant = aTenant();

/** A reserved tenant and an account with keys; time stands still until it is told to pass. */
export class KeyScene {
  readonly kms = new FakeKeys();
  readonly table: FakeTable;
  organization: unknown = awsError('AWSOrganizationsNotInUseException');
  private time = Date.parse(NOW);
  private readonly organizations = new FakeClient({ DescribeOrganizationCommand: () => this.organization });
  readonly organizationId = organizationOf(this.organizations);
  readonly fakes = [this.kms, this.organizations] as const;

  constructor(record: Partial<TenantRecord> = {}) {
    this.table = new FakeTable({ ...itemKeys.tenant(tenant.tenantId), ...aTenantRecord(record) });
    this.kms.principals.add(STACK_ROLE_ARN);
    for (const name of ['CreateTenantKey', 'RetireTenantKey'])
      this.kms.principals.add(`arn:aws:iam::${ACCOUNT_ID}:role/${functionRoleName(name)}`);
  }

  get deps() {
    const { table, kms, organizations, organizationId } = this;
    const platform = { accountId: ACCOUNT_ID, region: REGION, stackRoleArn: STACK_ROLE_ARN };
    const now = () => new Date(this.time);
    return { table, kms, kmsOnce: kms, tagging: kms, organizations, organizationId, platform, now };
  }

  readonly create = (executionArn = anExecution(), deps = this.deps) =>
    createTenantKey.run(deps, { tenant, executionArn });
  readonly retire = (executionArn = anExecution(), deps = this.deps) =>
    retireTenantKey.run(deps, { tenant, executionArn });

  /** The same scene's dependencies, every call of which waits for its turn. */
  inTurns(turn: (command: string) => Promise<unknown>): KeyScene['deps'] {
    const { table } = this;
    const kms = takingTurns(this.kms, turn);
    const inTurns = Object.create(table, { client: { value: takingTurns(table.client, turn) } });
    return { ...this.deps, table: inTurns, kms, kmsOnce: kms, tagging: kms };
  }

  pass(seconds: number): void {
    this.time += seconds * 1000;
  }

  /** As CreateTenantKey makes it, in short: it names the tenant's role. */
  policyOf(tenantId: string): FakeKey['Policy'] {
    const Condition = {
      ArnEquals: { 'aws:PrincipalArn': `arn:aws:iam::${ACCOUNT_ID}:role/tenants/tenant-${tenantId}` },
    };
    return { Statement: [{ Effect: 'Allow', Principal: '*', Action: 'kms:Decrypt', Condition }] };
  }

  /** A key of the tenant as an earlier attempt has left it, with its alias or without. */
  leftover(key: Partial<FakeKey> = {}, { alias = false } = {}): FakeKey {
    const made = this.kms.add({ [TENANT_TAG]: tenant.tenantId }, { Policy: this.policyOf(tenant.tenantId), ...key });
    if (alias) this.kms.aliases.set(tenantNames.keyAlias(tenant.tenantId), made);
    return made;
  }

  get aliased(): FakeKey | undefined {
    return this.kms.aliases.get(tenantNames.keyAlias(tenant.tenantId));
  }

  get record(): TenantRecord {
    return this.table.get(itemKeys.tenant(tenant.tenantId)) as TenantRecord;
  }

  become(change: Partial<TenantRecord>): void {
    this.table.put({ ...this.table.get(itemKeys.tenant(tenant.tenantId)), ...change });
  }
}
