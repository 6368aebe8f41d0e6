import { type Emulator, startEmulator } from '../emulator';
import { control } from './aws';

let emulator: Emulator;

beforeAll(async () => {
  emulator = await startEmulator({ patience: 0.5 });
}, 60_000);
afterAll(async () => await emulator.stop());

test('patience can be read and set while the emulator runs, and the seed can be read', async () => {
  expect(await control(emulator, 'patience', {})).toEqual({ factor: 0.5, seed: emulator.seed });
  expect(await control(emulator, 'patience', { factor: 0 })).toEqual({ factor: 0, seed: emulator.seed });
  await expect(control(emulator, 'patience', { factor: -1 })).rejects.toThrow('0 or more');
});
