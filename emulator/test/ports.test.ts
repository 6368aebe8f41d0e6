import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startEmulator } from '../emulator';

test('an emulator whose port another process has does not start, and whoever answers there is not taken for it', async () => {
  const other = createServer((_, answer) => answer.end('healthy'));
  await once(other.listen(0, '127.0.0.1'), 'listening');
  const { port } = other.address() as AddressInfo;
  const started = startEmulator({ env: { GATEWAY_PORT: String(port) }, patience: 0 });
  const outcome = await started.then(
    async (emulator) => await emulator.stop(),
    (refusal: Error) => refusal.message,
  );
  other.close();
  expect(outcome).toContain('Address already in use');
});
