import { Command } from 'commander';
import * as z from 'zod';
import { runAlias } from './alias';
import { verify } from './ops/acts';
import { fileToWrite, nonBlank, tenantOption } from './options';

runAlias(
  new Command('verify')
    .description('Verifies the isolation of a tenant in service now, and shows the report.')
    .addOption(tenantOption().makeOptionMandatory())
    .option('--html <file>', 'also writes the report as an HTML page, as it is in the evidence bucket', fileToWrite)
    .option('--json', 'prints the verdict and the whole report as JSON')
    .option('--reason <text>', 'kept on record', nonBlank),
  z.object({ tenant: z.string(), html: z.string().optional(), reason: z.string().optional() }),
  async (ops, { tenant, ...options }) => await verify(ops, tenant, options),
);
