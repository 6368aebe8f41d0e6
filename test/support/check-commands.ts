import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { scripts } from '../../package.json';

const ROOT = join(__dirname, '../..');
const PROGRAMS = join(ROOT, 'node_modules/.bin');

/**
 * Tests the commands of `npm run check` whose program is wanted, beside the other tests and not before them: both cores have
 * work.
 */
export function testCommands(isWanted: (program: string) => boolean): void {
  const commands = scripts.check.split(' && ').filter((command) => isWanted(command.split(' ')[0] ?? ''));
  test.each(commands)(
    '%s',
    (command) => {
      const env = { ...process.env, PATH: `${PROGRAMS}:${process.env.PATH}` };
      const { status, stdout, stderr } = spawnSync(command, { cwd: ROOT, env, shell: true, encoding: 'utf8' });
      if (status !== 0) throw new Error(`${command} ended with ${status}:\n${stdout}${stderr}`);
    },
    300_000,
  );
}
