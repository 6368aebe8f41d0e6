import { setTimeout as pause } from 'node:timers/promises';
import * as z from 'zod';
import { nonBlank } from '../options';
import { resume } from './acts';
import type { Commands, Ops } from './context';
import { EXIT } from './exit';

/** Milliseconds. RDS takes minutes for an instance, and each question is an act on record. The last one is repeated. */
const PAUSES = [2_000, 10_000, 30_000];

/** A call of a copy takes minutes by itself. */
const COPY_PAUSE = 1_000;

export const RestoreOptions = z
  .object({ to: z.string().optional(), discard: z.boolean().default(false), reason: z.string() })
  .refine(({ to, discard: givesUp }) => givesUp === (to === undefined), 'name either --to or --discard');

/** Why a restore has suspended the tenant. A tenant that somebody else has suspended stays so. */
const suspensionFor = (to: string, reason: string) => `restore to ${to}: ${reason}`;

async function discard({ client, print }: Ops, tenant: string, reason: string): Promise<number> {
  const done = await client.discardRestore(tenant, reason);
  const nothing = done.phase === 'nothing';
  const nothingLeft = `there is no ${done.instanceId}, and nothing of it in the tenant's database`;
  const discarded = nothing ? nothingLeft : `${done.instanceId} is being deleted, and what was copied is dropped`;
  // A restore that came as far as the switch has suspended it.
  const stays = done.suspension === undefined ? '' : `\n${done.host} stays SUSPENDED (${done.suspension}): resume it`;
  print(done, () => `${discarded}${stays}`);
  return nothing ? EXIT.nothing : EXIT.done;
}

async function restoreTo(ops: Ops, tenant: string, to: string, reason: string): Promise<number> {
  const { client, print, signal } = ops;
  for (let at = 0; ; at += 1) {
    const step = await client.restore(tenant, to, reason);
    const { tenantId, host, phase, instanceId, rows = 0, suspension = '' } = step;
    if (phase === 'nothing') {
      const again = 'and keeps what was written since; to replace that, too, name a time a second earlier';
      print(step, () => `${host} has been given the data of ${to} (${rows} rows), ${again}`);
      return EXIT.nothing;
    }
    if (phase === 'done') {
      console.error(`${host} has the data of ${to}: ${rows} rows`);
      if (suspension === suspensionFor(to, reason)) return await resume(ops, tenantId, { reason });
      print(step, () => `${host} stays SUSPENDED (${suspension}); resume it when that is mended`);
      return EXIT.done;
    }
    if (phase === 'restored') {
      await client.suspend(tenantId, suspensionFor(to, reason));
      console.error(`${host} is SUSPENDED; its data is being replaced`);
      continue;
    }
    const progress = {
      restoring: `RDS is making ${instanceId}`,
      copying: `${rows} rows of ${instanceId} are beside those of ${host}; more follow`,
      switching: `the database of ${host} is replacing its data`,
      copied: `${instanceId} is being deleted`,
    };
    console.error(progress[phase]);
    if (phase === 'copying') await pause(COPY_PAUSE, undefined, { signal });
    else await pause(PAUSES[at] ?? PAUSES.at(-1), undefined, { signal });
  }
}

/**
 * Brings the data of a tenant's database back to a time, and the tenant into service again. Interrupted anywhere, the same
 * command goes on.
 */
export async function restore(
  ops: Ops,
  tenant: string,
  { to, reason }: z.output<typeof RestoreOptions>,
): Promise<number> {
  return to === undefined ? await discard(ops, tenant, reason) : await restoreTo(ops, tenant, to, reason);
}

/** Adds the command that restores a tenant's database. */
export function addRestoring(commands: Commands): void {
  commands
    .add(
      'restore <tenant>',
      "Brings the data of a tenant's database back to a time; the tenant answers 503 while it is replaced.",
      ['restore acme --to 2030-01-01T12:00:00Z --reason "INC-42"', 'restore acme --discard --reason "INC-42"'],
      RestoreOptions,
      async (ops, options, tenant = '') => await restore(ops, tenant, options),
    )
    .option('--to <time>', 'the time whose data is wanted, ISO 8601', nonBlank)
    .option(
      '--discard',
      'deletes the restored instance of a restore that is not wanted any more, and what was copied of it',
    )
    .requiredOption('--reason <text>', 'kept on record', nonBlank);
}
