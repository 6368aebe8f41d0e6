import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Platform, startPlatform } from '../../local/platform';
import { pictureOf } from '../support/deployed-platform';

const records = mkdtempSync(join(tmpdir(), 'records-'));
const started: Platform[] = [];

async function start(): Promise<{ platform: Platform; said: string[] }> {
  const said: string[] = [];
  const platform = await startPlatform({ records, log: (line) => said.push(line) });
  started.push(platform);
  return { platform, said };
}

afterAll(async () => {
  await Promise.all(started.map((platform) => platform.stop()));
  rmSync(records, { recursive: true, force: true });
});

/** Lines of one that the other does not have, short enough to read. */
function differences(one: string[], other: string[]): string[] {
  const without = (all: string[], known: Set<string>) => all.filter((line) => !known.has(line));
  const found = [...without(one, new Set(other)), ...without(other, new Set(one))];
  return [...(one.length === other.length ? [] : [`${one.length} lines, ${other.length} lines`]), ...found].map(
    (line) => line.trim().slice(0, 200),
  );
}

test('a second start replays the recorded deployment, and the platform in AWS is the same', async () => {
  const first = await start();
  expect(first.said.join()).not.toContain('unchanged');
  const second = await start();
  expect(second.said.join()).toContain('platform deployed, unchanged');
  const [built, recorded] = [await pictureOf(first.platform), await pictureOf(second.platform)];
  expect(built.length).toBeGreaterThan(1_000);
  expect(differences(built, recorded)).toEqual([]);
  // Two whole starts, one of them with build and synthesis.
}, 180_000);
