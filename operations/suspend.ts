import { Command } from 'commander';
import * as z from 'zod';
import { runAlias } from './alias';
import { suspend } from './ops/acts';
import { EXIT } from './ops/exit';
import { nonBlank, tenantOption } from './options';

runAlias(
  new Command('suspend')
    .description('Takes a tenant out of service at once: its route answers 503, its data stays as it is.')
    .addOption(tenantOption().makeOptionMandatory())
    .requiredOption('--reason <text>', 'kept on the record of the tenant', nonBlank),
  z.object({ tenant: z.string(), reason: z.string() }),
  async (ops, { tenant, reason }) => await suspend(ops, tenant, reason),
  [EXIT.nothing],
);
