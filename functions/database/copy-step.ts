import type { Client } from 'pg';
import { PlatformError } from '../contract/errors';
import type { RestoredLogin, RestoreStep, StepTaken } from './copy-call';
import { databaseError } from './database-errors';
import { placeRows } from './place-rows';
import { type Copy, dropStaging, LIMITS, placedBefore, stageRows, take } from './stage-rows';

export interface CopyStepDeps {
  /** A session of the tenant's database, of the master user, that has become its owner. */
  readonly own: Client;
  /** The last migration of the database. */
  readonly version: string;
  /** Brings the restored database to `version`, too. */
  readonly login: (from: RestoredLogin) => Promise<Client>;
  readonly msLeft: () => number;
}

async function stage({ own, login, msLeft }: CopyStepDeps, { from, gib }: Stage, copy: Copy): Promise<StepTaken> {
  const before = await placedBefore(own, copy);
  if (before !== undefined) return { is: 'switched', rows: before };
  const source = await login(from).catch((thrown: unknown) => {
    throw databaseError(thrown, 'restored database', 'UnexpectedFailure');
  });
  try {
    const { isStaged, rows } = await stageRows({ source, own, gib, hasTime: () => msLeft() > 0 }, copy);
    return { is: isStaged ? 'staged' : 'staging', rows };
  } finally {
    await source.end();
  }
}
type Stage = Extract<RestoreStep, { is: 'stage' }>;

/**
 * Takes a step of a restore in the tenant's database: stages rows (stage-rows.ts), puts them in place (place-rows.ts), or
 * drops what is staged. Of two calls at once, one does nothing.
 *
 * @throws PlatformError `TransientConflict` when another call is at it and nothing may be dropped; as `stageRows` and
 * `placeRows`; errors of `pg`
 */
export async function copyStep(deps: CopyStepDeps, step: RestoreStep): Promise<StepTaken> {
  const { own, version, msLeft } = deps;
  await own.query(LIMITS);
  const taken = await take(own);
  if (step.is === 'drop') {
    if (!taken) throw new PlatformError('TransientConflict', 'a restore is copying at the moment');
    return { is: (await dropStaging(own)) ? 'dropped' : 'nothing', rows: 0 };
  }
  if (!taken) return { is: step.is === 'stage' ? 'staging' : 'switching', rows: 0 };
  const copy = { instance: step.instance, version };
  if (step.is === 'stage') return await stage(deps, step, copy);
  const placed = await placeRows(own, copy, Math.max(msLeft(), 0));
  return placed.is === 'placed' ? { is: 'switched', rows: placed.rows } : { is: placed.is, rows: 0 };
}
