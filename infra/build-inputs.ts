import { createHash } from 'node:crypto';
import { globSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/**
 * All files that build and synthesis read. The last one is the list of packages that `npm ci` has
 * installed. After a change in node_modules by hand, remove dist and .local/deployments.
 */
export const BUILD_INPUTS = [
  'functions/**/*',
  'infra/**/*',
  'service/**/*',
  'statemachines/**/*',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'node_modules/.package-lock.json',
];

/**
 * One digest of files and choices.
 *
 * @param patterns of the files, relative to the root
 * @param choices what else decides, such as the number of cells of a deployment
 */
export function digestOfFiles(root: string, patterns: readonly string[], choices: object = {}): string {
  const digest = createHash('sha256').update(JSON.stringify([process.version, choices]));
  for (const file of globSync(patterns, { cwd: root }).sort()) {
    const path = join(root, file);
    if (!statSync(path).isFile()) continue;
    const contents = readFileSync(path);
    digest.update(`\0${file}\0${contents.byteLength}\0`).update(contents);
  }
  return digest.digest('hex').slice(0, 16);
}
