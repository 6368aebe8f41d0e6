import { Command } from 'commander';
import * as z from 'zod';
import { runAlias } from './alias';
import { resume } from './ops/acts';
import { EXIT } from './ops/exit';
import { resumeOfAudit } from './ops/resuming';
import { nonBlank, onlyWith, tenantOption } from './options';

const OptionsSchema = z
  .object({
    tenant: z.string().optional(),
    all: z.boolean().default(false),
    audit: z.string().optional(),
    yes: z.boolean().default(false),
    reason: z.string().optional(),
  })
  .refine(({ tenant, all, audit }) => all === (audit !== undefined) && all === (tenant === undefined), {
    error: 'name either --tenant, or --all and --audit',
  });

runAlias(
  new Command('resume')
    .description('Verifies a suspended tenant and, if every check passes, brings it back into service.')
    .addOption(tenantOption())
    .option('--all', 'all tenants that an audit has suspended (shown first; --yes does it)')
    .option('--audit <execution>', 'with --all: ARN or name of the execution of the audit', nonBlank)
    .addOption(onlyWith(['all'], '--yes', 'with --all: does it'))
    .option('--reason <text>', 'kept on record', nonBlank),
  OptionsSchema,
  async (ops, { tenant = '', audit, yes, reason }) => {
    if (audit !== undefined) return await resumeOfAudit(ops, { audit, yes, reason });
    const code = await resume(ops, tenant, { reason });
    return code === EXIT.nothing ? EXIT.done : code;
  },
);
