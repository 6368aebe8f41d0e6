import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import * as z from 'zod';
import { builtOnce } from '../../../infra/built-once';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'built-once-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A build whose n-th run returns n and leaves `output n`. */
function building() {
  const world = { inputs: 'source', outputs: '', builds: 0, whileBuilding: () => {} };
  const build = () =>
    builtOnce({
      record: join(folder, 'dist/built.json'),
      inputs: () => world.inputs,
      outputs: () => world.outputs,
      result: z.number(),
      build: async () => {
        await pause(20);
        world.builds += 1;
        world.whileBuilding();
        world.outputs = `output ${world.builds}`;
        return world.builds;
      },
    });
  return { world, build };
}

test('builds once, and says afterwards what that build returned', async () => {
  const { world, build } = building();
  expect([await build(), await build(), await build()]).toEqual([1, 1, 1]);
  expect(world.builds).toBe(1);
});

test('builds again when an input has changed, or an output is not as it was built', async () => {
  const { world, build } = building();
  await build();
  world.inputs = 'edited source';
  expect(await build()).toBe(2);
  world.outputs = 'edited output';
  expect(await build()).toBe(3);
  expect(await build()).toBe(3);
});

test('of simultaneous builds one is made', async () => {
  const { build } = building();
  expect(await Promise.all([build(), build(), build()])).toEqual([1, 1, 1]);
});

test('a build whose input was edited meanwhile, or that failed, counts for nothing', async () => {
  const { world, build } = building();
  world.whileBuilding = () => {
    world.inputs = 'edited source';
  };
  expect(await build()).toBe(1);
  world.whileBuilding = () => {
    throw new Error('a syntax error');
  };
  await expect(build()).rejects.toThrow('a syntax error');
  expect(existsSync(join(folder, 'dist/built.json.lock'))).toBe(false);
  world.whileBuilding = () => {};
  expect(await build()).toBe(3);
});

test('an abandoned lock is removed by one process, and the others look again', async () => {
  const { build } = building();
  const lock = join(folder, 'dist/built.json.lock');
  mkdirSync(join(folder, 'dist'));
  writeFileSync(lock, String(spawnSync('true').pid));
  writeFileSync(`${lock}.removing`, '');
  const waiting = build();
  expect(await Promise.race([waiting, pause(200, 'still waits')])).toBe('still waits');
  expect(existsSync(lock)).toBe(true);
  rmSync(`${lock}.removing`);
  expect(await waiting).toBe(1);
});

test('waits for a build of a living process, and for none of a process that was killed in it', async () => {
  const { build } = building();
  const lock = join(folder, 'dist/built.json.lock');
  mkdirSync(join(folder, 'dist'));
  writeFileSync(lock, String(process.ppid));
  const waiting = build();
  expect(await Promise.race([waiting, pause(200, 'still waits')])).toBe('still waits');
  writeFileSync(lock, String(spawnSync('true').pid));
  expect(await waiting).toBe(1);
});
