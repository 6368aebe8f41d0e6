import type * as z from 'zod';
import { tenantIdOf } from '../../functions/contract/naming';
import type { RefusedSignup, TenantRecord } from '../../functions/contract/records';
import { isNamed } from '../../functions/shared/is-named';
import { settled } from '../../functions/shared/settled';
import { listTenantsIn } from '../../functions/tenants/tenant-store';
import type { TenantsTable } from '../../functions/tenants/tenants-table';
import { admits, type ListedTenant, listed, listTenants } from '../client/tenant-list';
import { isMissing } from '../ops/exit';
import type { TenantsPage, TenantsQuerySchema } from './api/tenants';
import { BY_ATTENTION, continuation, cursorBehind, cursorBehindId, placeIn, rankOf, sorted } from './tenant-order';

type Query = z.output<typeof TenantsQuerySchema>;
/** What selects rows, without what puts them in order. */
export type Selection = Omit<Query, 'sort' | 'order' | 'cursor' | 'limit'>;

/** Of more changes than that, all rows are read anew. */
const READ_ONE_BY_ONE = 100;

interface Rows {
  readonly tenants: Map<string, ListedTenant>;
  readonly unreadable: Set<string>;
}

/** Whether DynamoDB answers the query in its own order, without reading more than one page shows. */
const isPlain = ({ sort, order, q, cell, plan, error, suspendedBy }: Query) =>
  (sort ?? 'status') === 'status' &&
  order === 'asc' &&
  [q, cell, plan, error, suspendedBy].every((filter) => filter === undefined);

function matches(tenant: ListedTenant, q: string): boolean {
  const { companyName = '', subdomain = '', tenantId } = tenant;
  const wanted = q.trim().toLowerCase();
  const named = [companyName, subdomain, tenantId].some((name) => name.toLowerCase().includes(wanted));
  return named || tenantId === tenantIdOf(q.trim());
}

const isSelected = ({ status, q, ...filter }: Selection) => {
  return (tenant: ListedTenant) =>
    (!status || status.includes(tenant.status)) && admits(filter, tenant) && (q === undefined || matches(tenant, q));
};

/**
 * The list of tenants. The first page comes straight from the table's index. Searching, sorting and
 * counting need all rows: they are read once, in the background, and then kept up to date tenant by
 * tenant, so that a further page costs no call at all.
 */
export class TenantDirectory {
  private rows: Rows | undefined;
  private reading: Promise<Rows> | undefined;
  /** Tenants that have changed while all rows were being read. */
  private readonly changedMeanwhile = new Set<string>();

  /** @param find one tenant by its id */
  constructor(
    private readonly table: TenantsTable,
    private readonly find: (tenantId: string) => Promise<TenantRecord | RefusedSignup>,
  ) {}

  async page(query: Query): Promise<TenantsPage> {
    if (!this.rows && isPlain(query)) {
      const page = await this.firstPage(query);
      this.readAll().catch(() => {});
      return page;
    }
    const { tenants, unreadable } = await this.all();
    const selected = [...tenants.values()].filter(isSelected(query));
    const left = sorted(selected, query, placeIn(query.cursor));
    return { ...cut(left, query), total: selected.length, unreadable: [...unreadable] };
  }

  /** All that are selected, in the order of attention. */
  async selected(selection: Selection): Promise<ListedTenant[]> {
    const { tenants } = await this.all();
    return sorted([...tenants.values()].filter(isSelected(selection)), {}, undefined);
  }

  /** Reads tenants again that have changed. */
  async refresh(tenantIds: readonly string[]): Promise<void> {
    if (this.reading) for (const tenantId of tenantIds) this.changedMeanwhile.add(tenantId);
    if (tenantIds.length > READ_ONE_BY_ONE) this.forget();
    const { rows } = this;
    if (rows) await settled(tenantIds.map((tenantId) => this.readInto(rows, tenantId)));
  }

  /** Reads all rows anew when they are needed the next time. What is being read is too old already. */
  forget(): void {
    this.rows = undefined;
    this.reading = undefined;
  }

  private async all(): Promise<Rows> {
    return this.rows ?? (await this.readAll());
  }

  private readAll(): Promise<Rows> {
    if (this.reading) return this.reading;
    const reading = this.read();
    this.reading = reading;
    const done = (rows?: Rows) => {
      if (this.reading !== reading) return;
      this.rows = rows;
      this.reading = undefined;
    };
    reading.then(done, () => done());
    return reading;
  }

  private async read(): Promise<Rows> {
    this.changedMeanwhile.clear();
    const { tenants, unreadable } = await listTenants(this.table);
    const rows = {
      tenants: new Map(tenants.map((tenant) => [tenant.tenantId, tenant])),
      unreadable: new Set(unreadable),
    };
    await settled([...this.changedMeanwhile].map((tenantId) => this.readInto(rows, tenantId)));
    return rows;
  }

  private async readInto({ tenants, unreadable }: Rows, tenantId: string): Promise<void> {
    try {
      const row = listed(await this.find(tenantId));
      if (row) {
        tenants.set(tenantId, row);
        unreadable.delete(tenantId);
      }
    } catch (thrown) {
      if (isMissing(thrown)) tenants.delete(tenantId);
      else if (isNamed(thrown, 'InvalidRequest')) unreadable.add(tenantId);
      else throw thrown;
    }
  }

  /** One query for each status, all at once: the others are mostly empty. */
  private async firstPage(query: Query): Promise<TenantsPage> {
    const from = continuation(query.cursor);
    const statuses = BY_ATTENTION.filter(
      (status) => (!query.status || query.status.includes(status)) && (!from || rankOf(status) >= rankOf(from.status)),
    );
    const pages = await settled(
      statuses.map((status) =>
        listTenantsIn(this.table, status, {
          limit: query.limit + 1,
          ...(status === from?.status && { after: from.after }),
        }),
      ),
    );
    const end = pages.findIndex(({ next }) => next !== undefined);
    // A status that has further rows ends the page: rows of the other statuses come behind them.
    const items = (end < 0 ? pages : pages.slice(0, end + 1)).flatMap(({ tenants }) => tenants);
    const rows = items.flatMap((item) => listed(item) ?? []);
    const unreadable = items.filter((item) => !listed(item)).map(({ stateSk }) => stateSk);
    const last = items.at(-1);
    const status = statuses[end];
    const further = status && last && { next: cursorBehindId(status, last.stateSk) };
    return { ...further, ...cut(rows, query), unreadable };
  }
}

function cut(rows: readonly ListedTenant[], { limit, sort }: Query): Pick<TenantsPage, 'tenants' | 'next'> {
  const tenants = rows.slice(0, limit);
  const last = tenants.at(-1);
  return { tenants, ...(last && rows.length > limit && { next: cursorBehind(last, sort) }) };
}
