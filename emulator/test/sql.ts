import { Client, type ClientConfig } from 'pg';

/** The rows of one statement, in a session of its own. */
export async function ask(config: ClientConfig, statement: string): Promise<Record<string, unknown>[]> {
  const client = new Client(config);
  // Without a listener the end of a session by the server would end this process.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(statement)).rows;
  } finally {
    await client.end();
  }
}
