import { PutCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { liveColourIn } from '../../compute/table-live-colour';
import { itemKeys, type TenantRecord } from '../../contract/records';
import { once } from '../../shared/once';
import { readItems } from '../../tenants/read-items';
import type { TenantsTable } from '../../tenants/tenants-table';
import type { Principal } from '../facts/account-facts';
import { type KeptLists, KeptListsSchema } from '../facts/account-lists';
import { PrincipalSchema, StatementSchema } from '../facts/noteworthy-principals';
import type { Statement } from '../policy-document';
import { type Answer, AnswerSchema, type Report } from '../report';
import { SURROUNDINGS_METADATA } from './metadata';

/** What an audit leaves about a cell: the answers about its surroundings, and what it has listed of the account. */
const KeptSchema = z.object({
  at: z.iso.datetime(),
  answers: z.array(AnswerSchema),
  /** An audit of an earlier release has kept none. */
  principals: z.array(PrincipalSchema).optional(),
  /** The statements of the tenants' boundary; absent when the audit has not found the policy. */
  boundary: z.array(StatementSchema).optional(),
  lists: KeptListsSchema.optional(),
});
export type LastAudit = z.infer<typeof KeptSchema>;

/** @see KeptSchema */
interface Learnt {
  readonly at: string;
  readonly answers: readonly Answer[];
  readonly principals: readonly Principal[];
  readonly boundary?: readonly Statement[] | undefined;
  readonly lists: KeptLists;
}

/** How old an answer may be, milliseconds: an audit asks every day, and may take some hours. */
const GOOD_FOR = 30 * 60 * 60_000;

/** Keeps what an audit has learnt beside the cell's other items. */
export async function keepAnswers(table: TenantsTable, cell: string, learnt: Learnt): Promise<void> {
  const Item = { ...itemKeys.surroundings(cell), ...learnt };
  await table.client.send(new PutCommand({ TableName: table.name, Item }));
}

/**
 * What the last audit has learnt about a cell; undefined before the first audit, or when it is too old.
 *
 * @param item the cell's item, as `keepAnswers` has written it
 */
function lastAuditIn(item: unknown, now: Date): LastAudit | undefined {
  const kept = KeptSchema.safeParse(item).data;
  return kept && now.getTime() - Date.parse(kept.at) < GOOD_FOR ? kept : undefined;
}

/**
 * What is read of the table for one verification, by one request: the last audit of the tenant's cell, the route of its
 * host, and the cell's live colour where the tenant is in service.
 */
export function itemsBeside(
  table: TenantsTable,
  { host, slot, inService }: Pick<TenantRecord, 'host' | 'slot'> & { readonly inService: boolean },
  now: () => Date,
) {
  const live = slot && inService ? [itemKeys.liveColour(slot.cell)] : [];
  const ofCell = slot ? [itemKeys.surroundings(slot.cell), ...live] : [];
  const keys = [itemKeys.route(host), ...ofCell];
  const items = once(() => readItems(table, keys));
  return {
    audit: async () => lastAuditIn((await items())[1], now()),
    route: async () => (await items())[0],
    live: async (cell: string) => liveColourIn(cell, (await items())[2]),
  };
}

const NO_AUDIT = 'no audit has asked about what the tenants of this cell share in the last 30 hours';

/** A tenant's report with the last answers about what the tenant shares with its cell. */
export function withSurroundings(report: Report, audit: LastAudit | undefined): Report {
  const { notAsked = [], checks } = report;
  if (!audit) {
    const left = SURROUNDINGS_METADATA.map(({ id, title }) => ({ id, title, because: NO_AUDIT }));
    return { ...report, notAsked: [...notAsked, ...left] };
  }
  const passed = report.passed && audit.answers.every((answer) => answer.passed);
  return { ...report, passed, checks: [...checks, ...audit.answers] };
}
