import * as z from 'zod';
import type { StageClient } from '../client/stage-client';
import { nonBlank, onlyWith } from '../options';
import { resume } from './acts';
import type { Commands, Ops } from './context';
import { EXIT } from './exit';
import { tenantsTable } from './reading';

/** What became of one tenant: it is back, it failed checks, or it could not be asked. */
type Resumed = { readonly tenantId: string } & (
  | { readonly resumedAt: string }
  | { readonly failed: readonly string[] }
  | { readonly error: string }
);

/** Verifies a tenant and brings it back. One that fails stops nobody. */
async function resumeOne(client: StageClient, tenantId: string, reason: string | undefined): Promise<Resumed> {
  try {
    const verification = await client.verify(tenantId, reason);
    if (verification.verdict === 'skipped') return { tenantId, error: `it is ${verification.status}` };
    if (verification.verdict !== 'isolated') return { tenantId, failed: verification.failed };
    const { resumedAt } = await client.resume(tenantId, reason);
    return { tenantId, resumedAt };
  } catch (thrown) {
    return { tenantId, error: thrown instanceof Error ? thrown.message : String(thrown) };
  }
}

function resumedText(resumed: Resumed): string {
  if ('resumedAt' in resumed) return `${resumed.tenantId}  ACTIVE since ${resumed.resumedAt}`;
  if ('error' in resumed) return `${resumed.tenantId}  stays suspended: ${resumed.error}`;
  const why = resumed.failed.length > 0 ? `failed ${resumed.failed.join(', ')}` : 'could not be verified';
  return `${resumed.tenantId}  stays suspended: ${why}`;
}

/**
 * Brings back every tenant that an audit has suspended and that is suspended still, or shows them.
 * Interrupted, it tells of those that it has asked.
 *
 * @param audit the ARN of the audit's execution, or the name at its end
 * @returns the exit code
 */
export async function resumeOfAudit(
  { client, print, signal }: Pick<Ops, 'client' | 'print' | 'signal'>,
  { audit, yes, reason }: { readonly audit: string; readonly yes: boolean; readonly reason?: string | undefined },
): Promise<number> {
  const { tenants } = await client.tenants({ status: ['SUSPENDED'], suspendedBy: audit });
  if (tenants.length === 0) {
    print([], () => `no tenant is suspended by audit ${audit}`);
    return EXIT.nothing;
  }
  if (!yes) {
    print(tenants, () => {
      const closing = `${tenants.length} would be verified, and resumed if every check passes; --yes does it`;
      return `${tenantsTable(tenants)}\n${closing}`;
    });
    return EXIT.done;
  }
  const resumed: Resumed[] = [];
  for (const { tenantId } of tenants) if (!signal.aborted) resumed.push(await resumeOne(client, tenantId, reason));
  print(resumed, () => resumed.map(resumedText).join('\n'));
  signal.throwIfAborted();
  return resumed.every((each) => 'resumedAt' in each) ? EXIT.done : EXIT.failed;
}

/** `resume`: one tenant, or all that an audit has suspended. */
export function addResuming(commands: Commands): void {
  commands
    .add(
      'resume [tenant]',
      'Verifies a suspended tenant and, if every check passes, brings it back; or all that an audit has suspended.',
      [
        'resume acme --reason "INC-42 is mended"',
        'resume --all --audit audit-2026-11-29',
        'resume --all --audit audit-2026-11-29 --yes',
      ],
      z.object({
        reason: z.string().optional(),
        all: z.boolean().default(false),
        audit: z.string().optional(),
        yes: z.boolean().default(false),
      }),
      async (ops, { reason, audit, yes }, tenant) => {
        if (audit !== undefined) return await resumeOfAudit(ops, { audit, yes, reason });
        return await resume(ops, tenant ?? '', { reason });
      },
      ({ all, audit }, tenant) =>
        all !== (audit !== undefined) || all === (tenant !== undefined)
          ? 'name either a tenant, or --all and --audit'
          : undefined,
    )
    .option('--all', 'all tenants that an audit has suspended (shown first; --yes does it)')
    .option('--audit <execution>', 'with --all: ARN or name of the execution of the audit', nonBlank)
    .addOption(onlyWith(['all'], '--yes', 'with --all: does it'))
    .option('--reason <text>', 'kept on record', nonBlank);
}
