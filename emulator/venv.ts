import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
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
 * Requirements that the file includes (`-r`) have an environment of their own, whose packages this one sees, and whose pip
 * installs here: one more takes as long to unpack as many packages ("pip install": `--prefix`).
 *
 * @throws Error one clear line when there is no Python 3.10 or newer, or when the installation fails
 */
export async function virtualEnvironment(
  requirements: string,
  what: string,
  options: InstallOptions = {},
): Promise<string> {
  const { signal, log } = options;
  const included: string[] = [];
  for (const file of includedIn(requirements)) included.push(await virtualEnvironment(file, what, options));
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
    const own = join(building, 'requirements.txt');
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps', '-r', own];
    const [lender] = included;
    // Python compiles what is imported, once; the emulator, which has the first environment, keeps nothing that it compiles.
    if (lender) pip.push('--no-compile');
    try {
      await run(command, ['-m', 'venv', ...(lender ? ['--without-pip'] : []), building], { signal });
      writeFileSync(own, readFileSync(requirements, 'utf8').replace(INCLUDES, ''));
      await run(lender ?? join(building, 'bin/python'), [...pip, '--prefix', building], { signal });
      const folders = await Promise.all(included.map(packagesOf));
      // "site": a line of a .pth file is one more folder of packages.
      writeFileSync(join(await packagesOf(join(building, 'bin/python')), 'included.pth'), folders.join('\n'));
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

const INCLUDES = /^-r (.+)$/gm;

const includedIn = (requirements: string): string[] =>
  [...readFileSync(requirements, 'utf8').matchAll(INCLUDES)].map(([, file = '']) => join(dirname(requirements), file));

/** The file's text, followed by that of the files it includes. */
const contentOf = (requirements: string): string =>
  [readFileSync(requirements, 'utf8'), ...includedIn(requirements).map(contentOf)].join('');

/** The folder of an interpreter's packages. */
async function packagesOf(interpreter: string): Promise<string> {
  const { stdout } = await run(interpreter, ['-c', "import sysconfig; print(sysconfig.get_path('purelib'))"]);
  return stdout.trim();
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
