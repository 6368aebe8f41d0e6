import { StageClient } from '../../operations/client/stage-client';
import { type RunningConsole, startConsole } from '../../operations/console/console-server';
import type { StageConnection } from '../../operations/stage-connection';

/** A console without its page: the figures are about what it answers. */
export const started = (connection: StageConnection) =>
  startConsole({ client: new StageClient(connection), stage: 'local', files: new Map() });

/** What a tab sends; the token is in the address of the console. */
export async function ask({ url }: RunningConsole, path: string): Promise<Response> {
  const { hash } = new URL(url);
  return await fetch(new URL(path, url), { headers: { authorization: `Bearer ${hash.replace('#token=', '')}` } });
}
