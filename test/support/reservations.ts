import type { CellDescriptor } from '../../functions/contract/cell';
import { itemKeys, type TenantRecord } from '../../functions/contract/records';
import type { Tenant } from '../../functions/contract/tenant';
import { releaseReservation } from '../../functions/reservation/release-reservation';
import { reserveTenant } from '../../functions/reservation/reserve-tenant';
import type { TenantsTable } from '../../functions/tenants/tenants-table';
import { aCell, anExecution, aSignup, DOMAIN, NOW } from './builders';
import { awsError, FakeClient } from './fake-client';
import { FakeCompute } from './fake-compute';
import { FakeLoadBalancer } from './fake-load-balancer';
import { FakeTable } from './fake-table';

type Ending = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'ABORTED' | 'TIMED_OUT' | 'PENDING_REDRIVE' | 'forgotten';

/** "DescribeExecution" answers InvalidArn for what is no ARN. */
const isArn = (text: string) => text.startsWith('arn:aws:states:');

/** A stage's table and executions, with signups that are reserved and released in it. */
export class Reservations {
  readonly table = new FakeTable();
  /** How executions stand, by ARN; running where nothing is said. */
  readonly endings: Record<string, Ending> = {};
  readonly executions = new FakeClient({
    DescribeExecutionCommand: ({ executionArn }: { executionArn: string }) => {
      if (!isArn(executionArn)) return awsError('InvalidArn', `Invalid Arn: '${executionArn}'`);
      const status = this.endings[executionArn] ?? 'RUNNING';
      return status === 'forgotten' ? awsError('ExecutionDoesNotExist') : { status };
    },
  });
  readonly elb = new FakeLoadBalancer();
  readonly counted: string[] = [];
  /** Cells whose descriptors nobody can read. */
  readonly damaged = new Set<string>();
  private readonly meter = { count: (name: string, value: number) => this.counted.push(`${name}=${value}`) };
  random: () => number = () => 0;

  constructor(readonly cells: CellDescriptor[] = [aCell()]) {
    for (const { name } of cells) this.table.put({ ...itemKeys.liveColour(name), colour: 'blue', since: NOW });
  }

  readonly reserve = (input: unknown, executionArn = anExecution(), table: TenantsTable = this.table) =>
    reserveTenant.run(
      {
        table,
        elb: this.elb,
        meter: this.meter,
        executions: this.executions,
        compute: new FakeCompute(this.cells, this.damaged),
        address: { domain: DOMAIN, urlScheme: 'https' },
        now: () => new Date(NOW),
        random: () => this.random(),
      },
      { executionArn, input },
    );

  readonly release = (input: unknown, executionArn = anExecution(), table: TenantsTable = this.table) =>
    releaseReservation.run({ table, meter: this.meter, now: () => new Date(NOW) }, { executionArn, input });

  /** Reserves for a company named after its number, and expects it to succeed. */
  async reserveNumber(number: number): Promise<Tenant> {
    const outcome = await this.reserve(aSignupNumber(number), anExecution(`run-${number}`));
    if (outcome.outcome !== 'reserved') throw new Error(`signup ${number} is a ${outcome.outcome}`);
    return outcome.tenant;
  }

  record(tenantId: string): TenantRecord | undefined {
    return this.table.get(itemKeys.tenant(tenantId)) as TenantRecord | undefined;
  }

  /** Changes what the table says of a tenant, as later steps would. */
  become(tenantId: string, change: Partial<TenantRecord>): void {
    this.table.put({ ...this.table.get(itemKeys.tenant(tenantId)), ...change });
  }

  /** Numbers of the slots that are taken, or free, in a cell. */
  slots(kind: 'SLOT' | 'FREE', cell = 'cell1'): number[] {
    return [...this.table.items.values()]
      .filter(({ pk, sk }) => pk === `CELL#${cell}` && String(sk).startsWith(`${kind}#`))
      .map(({ number }) => Number(number))
      .sort((a, b) => a - b);
  }
}

export const aSignupNumber = (number: number) =>
  aSignup({ signupId: `sub_${number}`, subdomain: `company-${number}`, companyName: `Company ${number}` });
