import { PlatformError } from '../contract/errors';
import type { ReleaseClaim } from '../contract/records';

/** @throws PlatformError `ReleaseRecalled` when an operator has taken the release back */
export function requireNotRecalled({ intent, releaseId }: ReleaseClaim): void {
  if (intent === 'back') throw new PlatformError('ReleaseRecalled', `an operator has taken release ${releaseId} back`);
}
