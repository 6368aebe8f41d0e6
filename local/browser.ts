import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Browser, chromium } from 'playwright-core';
import { version } from '../node_modules/@sparticuz/chromium/package.json';

const ROOT = join(__dirname, '..');
const UNPACKED = join(ROOT, '.local', `chromium-${version}`);

const FONTS = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <dir>${UNPACKED}/fonts</dir>
  <cachedir>${UNPACKED}/font-cache</cachedir>
</fontconfig>
`;

/** Unpacks the browser once for this clone. Two processes at once never see each other's half. */
async function unpack(): Promise<void> {
  if (existsSync(UNPACKED)) return;
  await mkdir(join(ROOT, '.local'), { recursive: true });
  const unfinished = await mkdtemp(join(ROOT, '.local', 'chromium-unfinished-'));
  const unpacking = ['--import', 'tsx', 'local/unpack-browser.ts'];
  await promisify(execFile)(process.execPath, unpacking, { cwd: ROOT, env: { ...process.env, TMPDIR: unfinished } });
  await writeFile(join(unfinished, 'fonts', 'fonts.conf'), FONTS);
  await rename(unfinished, UNPACKED).catch(async (thrown: unknown) => {
    if (!existsSync(UNPACKED)) throw thrown;
    await rm(unfinished, { recursive: true, force: true });
  });
}

/** Chromium has no sandbox for root ("--no-sandbox"); only pages of this machine are opened in it. */
const forRoot = () => (process.getuid?.() === 0 ? ['--no-sandbox'] : []);

/**
 * Starts Chromium without a window: that of `CHROMIUM_PATH`, or else the one from npm, which needs nothing
 * that a bare machine lacks.
 */
export async function launchBrowser(): Promise<Browser> {
  const executablePath = process.env.CHROMIUM_PATH;
  if (executablePath) return await chromium.launch({ executablePath, args: forRoot() });
  await unpack();
  const libraries = [join(UNPACKED, 'al2023/lib'), process.env.LD_LIBRARY_PATH].filter(Boolean).join(':');
  return await chromium.launch({
    executablePath: join(UNPACKED, 'chromium'),
    args: ['--no-zygote', '--disable-gpu', ...forRoot()],
    env: { ...process.env, LD_LIBRARY_PATH: libraries, FONTCONFIG_PATH: join(UNPACKED, 'fonts') },
  });
}
