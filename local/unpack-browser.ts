import { join } from 'node:path';
import { inflate } from '@sparticuz/chromium';

const ARCHIVES = ['chromium.br', 'al2023.tar.br', 'fonts.tar.br'];

/**
 * Unpacks Chromium, the libraries that a bare machine lacks (NSS) and fonts into the folder that TMPDIR
 * names. The package knows no other way to choose a folder: local/browser.ts starts this in a process of its own.
 */
async function main(): Promise<void> {
  const archives = join(__dirname, '../node_modules/@sparticuz/chromium/bin');
  for (const archive of ARCHIVES) await inflate(join(archives, archive));
}

main();
