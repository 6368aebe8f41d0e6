import { control } from '../../emulator/control';
import { type Platform, type PlatformOptions, startPlatform } from '../../local/platform';

/**
 * A platform whose rules with a schedule do not fire: a sweep, a KeepCells or an audit in the midst of a test would do what
 * the test waits for, or look at what it has broken. A test that is about one of them calls it.
 */
export async function startUnscheduled(options: PlatformOptions = {}): Promise<Platform> {
  const platform = await startPlatform(options);
  try {
    await control(platform.emulator.endpointUrl, 'schedules', { paused: true });
    return platform;
  } catch (failure) {
    await platform.stop();
    throw failure;
  }
}
