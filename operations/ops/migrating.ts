import { Option } from 'commander';
import * as z from 'zod';
import type { MigrationClaim } from '../../functions/contract/migration';
import { MigrationPhaseSchema } from '../../functions/contract/migration';
import { settled } from '../../functions/shared/settled';
import { type MigrationOrder, Migrations } from '../client/migrations';
import { Releases } from '../client/releases';
import { migrationText, planText } from '../migration-text';
import { nonBlank } from '../options';
import { ended } from './acts';
import type { Commands, Ops } from './context';
import { EXIT } from './exit';

const MigrateOptions = z.object({
  cell: z.string().optional(),
  to: z.string().optional(),
  phase: MigrationPhaseSchema,
  status: z.boolean().default(false),
  yes: z.boolean().default(false),
  reason: z.string().optional(),
});

type Cells = Awaited<ReturnType<Releases['cellsCalled']>>;

/** One cell after another, each to its end. A cell that fails, or has a migration already, ends it. */
export async function migrateCells(ops: Ops, cells: Cells, order: MigrationOrder): Promise<number> {
  const migrations = new Migrations(ops.client);
  const done: { readonly cell: string; readonly migration: MigrationClaim | undefined }[] = [];
  let code: number = EXIT.done;
  for (const cell of cells) {
    const started = await migrations.start(cell, order);
    console.error(`cell ${cell.name}: ${started.how === 'started' ? started.executionArn : started.because}`);
    code = started.how === 'nothing' ? EXIT.nothing : await ended(ops, started.executionArn, true);
    const claim = await migrations.status(cell);
    // A run that was refused at its start has left the claim of an earlier one.
    const migration = claim?.executionArn === started.executionArn ? claim : undefined;
    done.push({ cell: cell.name, migration, ...started });
    if (code !== EXIT.done) break;
  }
  ops.print(done, () =>
    done
      .map(({ cell, migration }) => (migration ? migrationText(cell, migration) : `cell ${cell}: nothing was begun`))
      .join('\n'),
  );
  return code;
}

/** `migrate`: brings the databases of tenants in service to a migration. */
export function addMigrating(commands: Commands): void {
  commands
    .add(
      'migrate',
      'Migrates the databases of the tenants in service: before a release (expand), or after it (contract).',
      [
        'migrate',
        'migrate --yes --reason "before release r-42"',
        'migrate --phase contract --to 0003-drop-phone.contract --yes',
        'migrate --status',
      ],
      MigrateOptions,
      async (ops, { cell, status, yes, ...order }) => {
        const { client, print } = ops;
        const cells = await new Releases(client).cellsCalled(cell);
        const migrations = new Migrations(client);
        if (status) {
          const claims = await settled(
            cells.map(async (each) => ({ cell: each.name, claim: await migrations.status(each) })),
          );
          print(claims, () => claims.map((each) => migrationText(each.cell, each.claim)).join('\n'));
          return EXIT.done;
        }
        if (yes) return await migrateCells(ops, cells, order);
        const plans = await settled(cells.map((each) => migrations.preview(each, order)));
        const behind = plans.reduce((sum, plan) => sum + plan.behind.length, 0);
        const closing = behind === 0 ? 'nobody is behind' : `${behind} would be migrated; --yes does it`;
        print(plans, () => [...plans.map(planText), closing].join('\n'));
        return behind === 0 ? EXIT.nothing : EXIT.done;
      },
    )
    .option('--cell <name>', 'only this cell', nonBlank)
    .option('--to <file>', 'the last file; by default the last of the phase', nonBlank)
    .addOption(new Option('--phase <phase>', 'the phase').choices(MigrationPhaseSchema.options).default('expand'))
    .addOption(
      new Option('--status', 'shows the migration of each cell, under way or last').conflicts(['to', 'phase', 'yes']),
    )
    .option('--yes', 'does it, and waits for the end; without it, who is behind is shown')
    .option('--reason <text>', 'kept on record', nonBlank);
}
