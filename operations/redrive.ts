import { Command } from 'commander';
import * as z from 'zod';
import { runAlias } from './alias';
import { redrive } from './ops/acts';
import { nonBlank, TENANT_OF_ANY_TIME, tenantOption } from './options';

const OptionsSchema = z
  .object({
    tenant: z.string().optional(),
    execution: z.string().optional(),
    wait: z.boolean().default(false),
    anew: z.boolean().default(false),
    reason: z.string().optional(),
  })
  .transform(({ tenant, execution, ...options }, context) => {
    if (tenant && !execution) return { ...options, target: { tenant } };
    if (execution && !tenant) return { ...options, target: { executionArn: execution } };
    context.addIssue({ code: 'custom', message: 'name either --tenant or --execution' });
    return z.NEVER;
  });

runAlias(
  new Command('redrive')
    .description('Redrives a failed onboarding. Where AWS no longer can, starts a new one with the same signup.')
    .addOption(tenantOption(TENANT_OF_ANY_TIME))
    .option('--execution <arn>', 'ARN of the execution, instead of a tenant', nonBlank)
    .option('--anew', "starts a new execution in any case: with today's definition of the state machine")
    .option('--wait', 'waits until the execution ends; exits 0 only if it succeeds')
    .option('--reason <text>', 'kept on record', nonBlank),
  OptionsSchema,
  async (ops, { target, ...options }) => await redrive(ops, target, options),
);
