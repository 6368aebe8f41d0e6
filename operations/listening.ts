import type { Server } from 'node:net';

/**
 * Listens, on any free port where none is named: one that was found free before could be taken by now.
 *
 * @returns the port
 * @throws Error `EADDRINUSE` when another process has the port that is named
 */
export async function listening(server: Server, host: string, port = 0): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string')
    throw new Error(`the server listens at ${address}, not on a port`);
  return address.port;
}
