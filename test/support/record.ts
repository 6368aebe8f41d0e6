import { isLocalStageRecorded } from '../../local/deploy-locally';
import { startPlatform } from '../../local/platform';
import { runCommand } from '../../operations/command';
import { keepPicture, pictureOf } from './deployed-platform';

/**
 * Deploys the platform once if its deployment is not recorded yet, so that later starts replay the
 * record, and keeps a picture of what was built beside it.
 */
async function main(signal: AbortSignal): Promise<number> {
  if (isLocalStageRecorded()) return 0;
  const platform = await startPlatform({ signal });
  try {
    keepPicture(await pictureOf(platform));
  } finally {
    await platform.stop();
  }
  return 0;
}

runCommand(main);
