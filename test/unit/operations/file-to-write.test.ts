import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileInNewFolder, fileToWrite, wholeNumber } from '../../../operations/options';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'files-'));
  writeFileSync(join(folder, 'earlier.json'), '{}');
});
afterAll(() => rmSync(folder, { recursive: true }));

test.each(['new.json', 'earlier.json'])('a file that can be written is accepted: %s', (name) => {
  expect(fileToWrite(join(folder, name))).toBe(join(folder, name));
});

test.each([
  ['a blank', () => ' ', 'It is empty'],
  ['a folder', () => folder, 'it is a folder'],
  ['a file in a folder that does not exist', () => join(folder, 'none/new.json'), 'a folder that exists'],
  ['a file below a file', () => join(folder, 'earlier.json/new.json'), 'a folder that exists'],
])('%s is refused before anything is done', (_, path, message) => {
  expect(() => fileToWrite(path())).toThrow(message);
});

test('the folders of a file are made where the command wants them', () => {
  const path = join(folder, 'made/deep/new.json');
  expect(fileInNewFolder(path)).toBe(path);
  expect(existsSync(join(folder, 'made/deep'))).toBe(true);
});

test.each([
  ['a blank', () => ' ', 'It is empty'],
  ['a file below a file', () => join(folder, 'earlier.json/none/new.json'), 'or can be made'],
  ['a file below a folder that takes none', () => '/proc/none/deep/new.json', 'or can be made'],
])('%s is refused, and no folder is made', (_, path, message) => {
  expect(() => fileInNewFolder(path())).toThrow(message);
});

test.each([['5'], ['1']])('a whole number is read: %s', (text) => {
  expect(wholeNumber(1)(text)).toBe(Number(text));
});

test.each([['0'], ['-1'], ['1.5'], ['1e3'], ['x'], ['']])(
  '"%s" is no whole number from 1 on, and is refused',
  (text) => {
    expect(() => wholeNumber(1)(text)).toThrow('Expected a whole number, 1 or more');
  },
);
