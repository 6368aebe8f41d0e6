import { runCommand } from '../operations/command';
import { isLocalStageRecorded } from './deploy-locally';
import { startPlatform } from './platform';

/**
 * Deploys the platform once if its deployment is not recorded yet, so that later starts replay the
 * record.
 */
async function main(signal: AbortSignal): Promise<number> {
  if (isLocalStageRecorded()) return 0;
  const platform = await startPlatform({ signal });
  await platform.stop();
  return 0;
}

runCommand(main);
