import { Command } from 'commander';
import * as z from 'zod';
import { runAlias } from './alias';
import { showStatus } from './ops/reading';
import { TENANT_OF_ANY_TIME, tenantOption } from './options';

runAlias(
  new Command('status')
    .description('Shows the status of a tenant and, if its onboarding failed, the reason.')
    .addOption(tenantOption(TENANT_OF_ANY_TIME).makeOptionMandatory())
    .option('--json', 'prints JSON'),
  z.object({ tenant: z.string() }),
  async (ops, { tenant }) => await showStatus(ops, tenant, false),
);
