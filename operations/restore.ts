import { Command } from 'commander';
import * as z from 'zod';
import { runAlias } from './alias';
import { EXIT } from './ops/exit';
import { RestoreOptions, restore } from './ops/restoring';
import { nonBlank, tenantOption } from './options';

runAlias(
  new Command('restore')
    .description("Brings the data of a tenant's database back to a time, and the tenant into service again.")
    .addOption(tenantOption().makeOptionMandatory())
    .option('--to <time>', 'the time whose data is wanted, ISO 8601', nonBlank)
    .option(
      '--discard',
      'deletes the restored instance of a restore that is not wanted any more, and what was copied of it',
    )
    .requiredOption('--reason <text>', 'kept on record', nonBlank),
  RestoreOptions.safeExtend({ tenant: z.string() }),
  async (ops, { tenant, ...options }) => await restore(ops, tenant, options),
  [EXIT.nothing],
);
