import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const ROOT = join(__dirname, '..');

interface InstallOptions {
  /** Gives the installation up. */
  readonly signal?: AbortSignal;
  /** Told when there is something to install. */
  readonly log?: (line: string) => void;
}

/**
 * The Python interpreter of a virtual environment with these requirements. It is installed under .local on first use,
 * beside its final name, and renamed: an installation cut short is never used. Afterwards nothing is downloaded.
 *
 * @throws Error one clear line when there is no Python 3.10 or newer, or when the installation fails
 */
export async function virtualEnvironment(
  requirements: string,
  what: string,
  { signal, log }: InstallOptions = {},
): Promise<string> {
  const digest = createHash('sha256').update(contentOf(requirements)).digest('hex').slice(0, 12);
  const home = join(ROOT, '.local', `venv-${digest}`);
  const interpreter = join(home, 'bin/python');
  const done = () => existsSync(interpreter);
  if (done()) return interpreter;
  const command = await python();
  mkdirSync(dirname(home), { recursive: true });
  const lock = `${home}.lock`;
  if (!(await locked(lock, done))) return interpreter;
  const building = `${home}.building`;
  try {
    if (done()) return interpreter;
    log?.(`installing ${what} into ${relative(process.cwd(), home)}, this once`);
    rmSync(building, { recursive: true, force: true });
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps', '-r', requirements];
    try {
      await run(command, ['-m', 'venv', building], { signal });
      await run(join(building, 'bin/python'), pip, { signal });
    } catch (failure) {
      throw new Error(`${what} could not be installed: ${failure instanceof Error ? failure.message : failure}`);
    }
    renameSync(building, home);
    return interpreter;
  } finally {
    rmSync(building, { recursive: true, force: true });
    rmSync(lock, { recursive: true, force: true });
  }
}

/** The file's text, followed by that of the files it includes. */
function contentOf(requirements: string): string {
  const text = readFileSync(requirements, 'utf8');
  const included = [...text.matchAll(/^-r (.+)$/gm)].map(([, file = '']) => join(dirname(requirements), file));
  return [text, ...included.map(contentOf)].join('');
}

async function python(): Promise<string> {
  const wanted = 'Python 3.10 or newer is needed to run the AWS emulator';
  const answer = await run('python3', ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])']).catch(() => {
    throw new Error(`${wanted}; no python3 was found on the PATH`);
  });
  const version = answer.stdout.trim();
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < 3 || (major === 3 && minor < 10)) throw new Error(`${wanted}; python3 is ${version}`);
  return 'python3';
}

/** Takes the lock, a folder that only one process can make; false as soon as another's work is done. */
async function locked(lock: string, done: () => boolean): Promise<boolean> {
  for (;;) {
    try {
      mkdirSync(lock);
      return true;
    } catch {
      if (done()) return false;
      const age = Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
      if (age > 300_000) rmSync(lock, { recursive: true, force: true });
      await pause(200);
    }
  }
}
