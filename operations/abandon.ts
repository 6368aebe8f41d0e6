import { Command } from 'commander';
import * as z from 'zod';
import { runAlias } from './alias';
import { abandon } from './ops/acts';
import { nonBlank, TENANT_OF_ANY_TIME, tenantOption } from './options';

runAlias(
  new Command('abandon')
    .description('Gives up an onboarding that is held, or whose run has ended in the middle: everything is undone.')
    .addOption(tenantOption(TENANT_OF_ANY_TIME).makeOptionMandatory())
    .requiredOption('--reason <text>', 'kept on the record of the tenant, and told to billing', nonBlank)
    .option('--wait', 'waits until everything is undone; exits 0 only then'),
  z.object({ tenant: z.string(), reason: z.string(), wait: z.boolean().default(false) }),
  async (ops, { tenant, ...options }) => await abandon(ops, tenant, options),
);
