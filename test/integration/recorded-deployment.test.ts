import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Platform, type PlatformOptions, startPlatform } from '../../local/platform';
import { keptPicture, pictureOf } from '../support/deployed-platform';

let ends: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const end of ends.toReversed()) await end();
  ends = [];
});

async function start(options: PlatformOptions): Promise<Platform> {
  const platform = await startPlatform(options);
  ends.push(platform.stop);
  return platform;
}

/** A picture of the platform that was built for the record; of one that is built now, where none was kept. */
async function builtPicture(): Promise<string[]> {
  const kept = keptPicture();
  if (kept) return kept;
  const records = mkdtempSync(join(tmpdir(), 'records-'));
  ends.push(async () => rmSync(records, { recursive: true, force: true }));
  return await pictureOf(await start({ records }));
}

/** Lines of one that the other does not have, short enough to read. */
function differences(one: string[], other: string[]): string[] {
  const without = (all: string[], known: Set<string>) => all.filter((line) => !known.has(line));
  const found = [...without(one, new Set(other)), ...without(other, new Set(one))];
  return [...(one.length === other.length ? [] : [`${one.length} lines, ${other.length} lines`]), ...found].map(
    (line) => line.trim().slice(0, 200),
  );
}

test('a second start replays the recorded deployment, and the platform in AWS is the same', async () => {
  const built = await builtPicture();
  const said: string[] = [];
  const replayed = await pictureOf(await start({ log: (line) => said.push(line) }));
  expect(said.join()).toContain('platform deployed, unchanged');
  expect(built.length).toBeGreaterThan(1_000);
  expect(differences(built, replayed)).toEqual([]);
  // Where no picture was kept: two whole starts, one of them with build and synthesis.
}, 180_000);
