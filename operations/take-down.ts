import { writeFileSync } from 'node:fs';
import { auditTrail } from './client/audit-trail';
import { StageClient } from './client/stage-client';
import { TearDown } from './client/tear-down-stage';
import type { StageConnection } from './stage-connection';

interface TakingDown {
  /** Gets the record of all acts, this one the last: the table goes with the stage. */
  readonly trail: string;
  readonly reason?: string | undefined;
  readonly say: (line: string) => void;
}

/**
 * Takes a stage down on record: who does it, when and why is an act like every other, and nothing is
 * deleted before it is written. Then the record is kept in a file, as its table is deleted, too.
 */
export async function takeDown(stage: StageConnection, { trail, reason, say }: TakingDown): Promise<void> {
  const client = new StageClient(stage);
  await client.announceTeardown(reason);
  const items = await auditTrail(client);
  writeFileSync(trail, items.map((item) => `${JSON.stringify(item)}\n`).join(''), { flag: 'wx' });
  say(`the record of all acts is kept in ${trail}`);
  await new TearDown(stage, say).run();
}
