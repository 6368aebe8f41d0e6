import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { scripts } from '../../package.json';

const ROOT = join(__dirname, '../..');
const PROGRAMS = join(ROOT, 'node_modules/.bin');

/** Each command of `npm run check`, beside the other tests and not before them: both cores have work. */
test.each(scripts.check.split(' && '))(
  '%s',
  (command) => {
    const env = { ...process.env, PATH: `${PROGRAMS}:${process.env.PATH}` };
    const { status, stdout, stderr } = spawnSync(command, { cwd: ROOT, env, shell: true, encoding: 'utf8' });
    if (status !== 0) throw new Error(`${command} ended with ${status}:\n${stdout}${stderr}`);
  },
  300_000,
);
