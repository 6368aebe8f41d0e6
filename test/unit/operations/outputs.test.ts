import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  forgetEnded,
  type PlatformOutputs,
  PlatformOutputsSchema,
  publishOutputs,
  readOutputs,
} from '../../../operations/outputs';

let folder: string;
let file: string;
let running: Server;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'outputs-'));
  file = join(folder, 'below', 'outputs.json');
  running = createServer((_, response) => response.end());
  await new Promise<void>((resolve) => running.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  rmSync(folder, { recursive: true });
  await new Promise((resolve) => running.close(resolve));
});

const outputsAt = (port: number): PlatformOutputs =>
  PlatformOutputsSchema.parse({
    ...Object.fromEntries(
      Object.keys(PlatformOutputsSchema.shape).map((key) => [key, key.endsWith('Url') ? 'http://127.0.0.1:2' : key]),
    ),
    endpointUrl: `http://127.0.0.1:${port}`,
  });
const alive = () => outputsAt((running.address() as AddressInfo).port);
const dead = outputsAt(1);
const written = () => JSON.parse(readFileSync(file, 'utf8'));

test('the outputs file exists as long as its platform runs', async () => {
  const takeBack = publishOutputs(dead, file);
  expect(written()).toEqual(dead);
  await takeBack();
  expect(existsSync(file)).toBe(false);
});

test('who has the file open while another platform writes it reads all of it', () => {
  publishOutputs(alive(), file);
  const opened = openSync(file, 'r');
  publishOutputs(dead, file);
  expect(JSON.parse(readFileSync(opened, 'utf8'))).toEqual(alive());
  closeSync(opened);
  expect(readdirSync(join(folder, 'below'))).toEqual(['outputs.json']);
});

test('the file belongs to the later of two platforms; the earlier gets it back if it still runs', async () => {
  publishOutputs(alive(), file);
  const takeBack = publishOutputs(dead, file);
  expect(written()).toEqual(dead);
  await takeBack();
  expect(written()).toEqual(alive());
});

test('an earlier platform that crashed does not get the file back, and its cleanup leaves the later one’s file', async () => {
  const takeBackFirst = publishOutputs(dead, file);
  const takeBackSecond = publishOutputs(alive(), file);
  await takeBackFirst();
  expect(written()).toEqual(alive());
  await takeBackSecond();
  expect(existsSync(file)).toBe(false);
});

test('a file that is not JSON is replaced and removed', async () => {
  publishOutputs(alive(), file);
  writeFileSync(file, 'not JSON');
  await publishOutputs(dead, file)();
  expect(existsSync(file)).toBe(false);
});

test('the file of a crashed platform is removed, the file of a running one stays', async () => {
  publishOutputs(alive(), file);
  await forgetEnded(file);
  expect(written()).toEqual(alive());
  publishOutputs(dead, file);
  await forgetEnded(file);
  expect(existsSync(file)).toBe(false);
  await forgetEnded(file);
});

test('a reader gets an error that says how to start a platform when none is running', async () => {
  await expect(readOutputs(file)).rejects.toThrow(/not found.*start one with `npm run local`/);
  publishOutputs(dead, file);
  await expect(readOutputs(file)).rejects.toThrow(/has ended.*start one with `npm run local`/);
  const { unmatchedEventsUrl: _, ...older } = alive();
  writeFileSync(file, JSON.stringify(older));
  await expect(readOutputs(file)).rejects.toThrow(/written by another release.*start one with `npm run local`/);
  publishOutputs(alive(), file);
  expect(await readOutputs(file)).toEqual(alive());
});
