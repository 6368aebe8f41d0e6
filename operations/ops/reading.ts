import { setTimeout as pause } from 'node:timers/promises';
import { InvalidArgumentError, Option } from 'commander';
import * as z from 'zod';
import type { ActEntry } from '../../functions/contract/act';
import { PlanSchema } from '../../functions/contract/plans';
import { TenantStatusSchema } from '../../functions/contract/tenant';
import { Releases } from '../client/releases';
import type { ActsOf } from '../client/stage-client';
import type { ListedTenant } from '../client/tenant-list';
import { comparisonText } from '../comparison-text';
import { nonBlank } from '../options';
import { adviceFor } from '../runbook-advice';
import { statusText } from '../status-text';
import { ago, type Commands, type Ops } from './context';
import { EXIT } from './exit';
import { localTime, table } from './tables';

const FilterSchema = z.object({
  status: z.array(TenantStatusSchema).optional(),
  cell: z.string().optional(),
  plan: z.string().optional(),
  error: z.string().optional(),
  olderThan: z.date().optional(),
});

const statusIn = (text: string, before: string[] = []): string[] => {
  const status = text.toUpperCase().replaceAll('-', '_');
  if (!TenantStatusSchema.safeParse(status).success)
    throw new InvalidArgumentError(`Expected one of ${TenantStatusSchema.options.join(', ')}.`);
  return [...before, status];
};

const COLUMNS = {
  subdomain: 'SUBDOMAIN',
  companyName: 'COMPANY',
  status: 'STATUS',
  plan: 'PLAN',
  cell: 'CELL',
  since: 'SINCE',
  error: 'ERROR',
};

/** A table of tenants in the terminal's width. */
export const tenantsTable = (tenants: readonly ListedTenant[]) =>
  table(
    COLUMNS,
    tenants.map((tenant) => ({ ...tenant, since: localTime(tenant.since) })),
  );

const dayIn = (text: string) => {
  // Date.parse would take 30 February for 2 March.
  if (!z.iso.date().safeParse(text).success) throw new InvalidArgumentError('Expected a day: 2026-11-29.');
  return text;
};

/** The end of a page: a time, and the id of an act. A time alone will do. */
const CURSOR = /^(.+?)(?:#[0-9a-f-]+)?$/;
const cursorIn = (text: string) => {
  const [, time] = CURSOR.exec(text) ?? [];
  if (z.iso.datetime().safeParse(time).success) return text;
  throw new InvalidArgumentError('Expected what the last page says, or a time: 2026-11-29T12:00:00Z.');
};

function actsOf({
  tenant,
  day,
  stage,
}: {
  tenant?: string | undefined;
  day?: string | undefined;
  stage?: boolean;
}): ActsOf {
  if (tenant) return { tenant };
  return stage ? { stage } : { day: day ?? new Date().toISOString().slice(0, 10) };
}

const actsTable = (entries: readonly ActEntry[]) =>
  table(
    { at: 'AT', kind: 'WHAT', on: 'ON', by: 'WHO', outcome: 'RESULT', why: 'REASON' },
    entries.map(({ at, kind, by, tenantId, target, reason, result }) => ({
      at: localTime(at),
      kind,
      on: target ?? tenantId,
      by: by.split(':').at(-1),
      outcome: result ? (result.error ?? result.outcome) : 'no result',
      why: reason,
    })),
  );

/** Shows the state of a tenant, and with `watch` each change until the run ends. */
export async function showStatus({ client, print, signal }: Ops, tenant: string, watch: boolean): Promise<number> {
  for (let shown = ''; ; ) {
    const status = await client.status(tenant);
    const text = JSON.stringify(status);
    const advice = status.failure && adviceFor(status.failure.error, status.failure.reason);
    if (text !== shown)
      print(status, () => [statusText(status), ...(advice ? ['', `What to do: ${advice}`] : [])].join('\n'));
    shown = text;
    if (!watch || status.run.status !== 'RUNNING') return EXIT.done;
    await pause(1000, undefined, { signal });
  }
}

/** Adds the commands that change nothing. */
export function addReading(commands: Commands): void {
  commands
    .add(
      'tenants',
      'Lists tenants.',
      ['tenants --status FAILED --status HELD', 'tenants --older-than 2h --json'],
      FilterSchema,
      async ({ client, print }, { olderThan, ...filter }) => {
        if (filter.cell !== undefined) await new Releases(client).cellsCalled(filter.cell);
        const list = await client.tenants({ ...filter, before: olderThan });
        print(list, () =>
          [
            tenantsTable(list.tenants),
            ...list.unreadable.map((id) => `unreadable: ${id}; see docs/runbook.md#item-unreadable`),
          ].join('\n'),
        );
        return EXIT.done;
      },
    )
    .option('--status <status>', 'only with this status; can be repeated', statusIn)
    .option('--cell <cell>', 'only of this cell', nonBlank)
    .addOption(new Option('--plan <plan>', 'only with this plan').choices(PlanSchema.options))
    .option('--error <name>', 'only with this error on record', nonBlank)
    .option('--older-than <time>', 'only unchanged for that long: 30m, 12h, 7d', ago);

  commands
    .add(
      'status <tenant>',
      'Shows how a tenant stands and, if its onboarding failed, why and what to do.',
      ['status acme', 'status acme --watch'],
      z.object({ watch: z.boolean().default(false) }),
      async (ops, { watch }, tenant = '') => await showStatus(ops, tenant, watch),
    )
    .option('--watch', 'shows each change until the run ends');

  commands.add(
    'cells',
    'Lists cells: slots taken and left, live colour.',
    ['cells'],
    z.object({}),
    async ({ client, print }) => {
      const cells = await client.cells();
      print(cells, () =>
        table({ name: 'CELL', capacity: 'SLOTS', taken: 'TAKEN', left: 'LEFT', liveColour: 'LIVE' }, cells),
      );
      return EXIT.done;
    },
  );

  commands.add(
    'queues',
    'Lists the queues on which something may wait for a person.',
    ['queues'],
    z.object({}),
    async ({ client, print }) => {
      const queues = await client.queues();
      print(queues, () => table({ queue: 'QUEUE', visible: 'WAITING', hidden: 'HIDDEN' }, queues));
      return EXIT.done;
    },
  );

  commands.add(
    'doctor',
    'Asks whether all runs as it should: queues, cells, rules, waiting tasks, alarms, templates.',
    ['doctor', 'doctor --stage prod --json'],
    z.object({}),
    async ({ client, print }) => {
      const findings = await client.examine();
      print(findings, () => table({ verdict: 'VERDICT', subject: 'WHAT', says: 'FOUND' }, findings));
      return findings.every(({ verdict }) => verdict === 'ok') ? EXIT.done : EXIT.failed;
    },
  );

  commands
    .add(
      'audit-log',
      'Lists who did what: on a day (today), to a tenant, or to the stage as a whole.',
      ['audit-log', 'audit-log --tenant acme', 'audit-log --day 2026-11-29 --json'],
      z.object({
        tenant: z.string().optional(),
        day: z.string().optional(),
        onNoTenant: z.boolean().default(false),
        before: z.string().optional(),
      }),
      async ({ client, print }, { tenant, day, onNoTenant, before }) => {
        const page = await client.acts(actsOf({ tenant, day, stage: onNoTenant }), { before });
        print(page, () =>
          [actsTable(page.entries), ...(page.next ? [`older ones: --before ${page.next}`] : [])].join('\n'),
        );
        return EXIT.done;
      },
    )
    .addOption(
      new Option('--tenant <name>', 'acts on this tenant').argParser(nonBlank).conflicts(['day', 'onNoTenant']),
    )
    .addOption(
      new Option('--day <day>', 'acts of this day (UTC): 2026-11-29; by default today')
        .argParser(dayIn)
        .conflicts('onNoTenant'),
    )
    .option('--on-no-tenant', 'acts on no tenant: replays, and names that nobody has')
    .option('--before <cursor>', 'older acts, as the last page says', cursorIn);

  commands
    .add(
      'evidence <tenant>',
      'Lists the reports about a tenant, or shows one after a check of its digest.',
      ['evidence acme', 'evidence acme --show > report.json', 'evidence acme --compare', 'evidence acme --compare A B'],
      z.object({
        show: z.boolean().default(false),
        report: z.string().optional(),
        compare: z.union([z.literal(true), z.array(z.string()).length(2, 'name two reports to compare')]).optional(),
      }),
      async ({ client, print, printStored }, { show, report, compare }, tenant = '') => {
        if (compare !== undefined) {
          const comparison = await client.compareReports(tenant, compare === true ? [] : compare);
          print(comparison, () => comparisonText(comparison));
          return comparison.answers.length > 0 ? EXIT.failed : EXIT.done;
        }
        if (!show && report === undefined) {
          const reports = await client.reports(tenant);
          print(reports, () =>
            table(
              { storedAt: 'STORED', report: 'REPORT' },
              reports.map((each) => ({ ...each, storedAt: localTime(each.storedAt) })),
            ),
          );
          return EXIT.done;
        }
        const fetched = await client.report(tenant, report);
        const { text, digest, recorded } = fetched;
        printStored(fetched, text);
        const verdict =
          recorded === undefined
            ? 'not the report that is on the record'
            : recorded === digest
              ? 'as on the record'
              : `NOT as on the record: ${recorded}`;
        console.error(`SHA-256 ${digest}: ${verdict}`);
        return recorded !== undefined && recorded !== digest ? EXIT.failed : EXIT.done;
      },
    )
    .option('--show', 'shows the last report')
    .option('--report <key>', 'shows this report', nonBlank)
    .addOption(
      new Option(
        '--compare [keys...]',
        'compares the last two reports, or two that are named; exits 1 where a verdict differs',
      ).conflicts(['show', 'report']),
    );
}
