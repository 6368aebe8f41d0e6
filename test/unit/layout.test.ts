import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const ROOT = join(__dirname, '../..');

/** The column "may import" of the README's table of folders. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  'functions/contract': [],
  'functions/shared': ['functions/contract'],
  'functions/steps': ['functions/contract', 'functions/shared'],
  'functions/edges': ['functions/contract', 'functions/shared', 'functions/steps'],
  infra: ['functions/contract', 'functions/shared'],
  service: ['functions/contract'],
  operations: ['functions/contract', 'functions/shared', 'functions/steps', 'functions/edges', 'infra/config'],
};

const IMPORTED = /from '(\.[^']+)'/g;

function foreignImports(folder: string, allowed: readonly string[]): string[] {
  return globSync(`${folder}/**/*.ts`, { cwd: ROOT }).flatMap((file) =>
    [...readFileSync(join(ROOT, file), 'utf8').matchAll(IMPORTED)]
      .map(([, path = '']) => relative(ROOT, join(ROOT, dirname(file), path)))
      .filter((target) => target !== 'package.json')
      .filter((target) => ![folder, ...allowed].some((into) => target.startsWith(`${into}/`)))
      .map((target) => `${file} -> ${target}`),
  );
}

test.each(Object.entries(MAY_IMPORT))('%s imports what it may and nothing else of ours', (folder, allowed) => {
  expect(globSync(`${folder}/**/*.ts`, { cwd: ROOT }).length).toBeGreaterThan(0);
  expect(foreignImports(folder, allowed)).toEqual([]);
});
