import { COPY_SECONDS } from '../../functions/contract/time-limits';
import type { StageConfig } from './stages';

/** A chunk that begins in time must end in time. It should take a second; large rows take longer. */
const LAST_CHUNK_SECONDS = 60;

/** @throws Error when a call of a restore could be killed in its last chunk, again and again */
export function requireCopyTime({ copyFor }: Pick<StageConfig, 'copyFor'>): void {
  const most = COPY_SECONDS - LAST_CHUNK_SECONDS;
  if (copyFor.toSeconds() > most) throw new Error(`copyFor: a call of a restore may copy for ${most} s at most`);
}
