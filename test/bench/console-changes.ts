import { DeleteCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { tenantIdOf } from '../../functions/contract/naming';
import { itemKeys } from '../../functions/contract/records';
import { changedNow } from '../../functions/tenants/changes';
import { StageClient } from '../../operations/client/stage-client';
import { ActsPageSchema } from '../../operations/console/api/acts';
import { TenantDetailSchema } from '../../operations/console/api/tenant';
import type { RunningConsole } from '../../operations/console/console-server';
import type { StageConnection } from '../../operations/stage-connection';
import { aTenantRecord } from '../support/builders';
import { type Figure, median } from '../support/figures';
import { ask, started } from './started-console';

const ROUNDS = 16;
/** A console that has just been started asks at its slow pace from then on. Milliseconds. */
const UNTIL_QUIET = 1_500;

interface Change {
  readonly name: string;
  readonly topic: string;
  /** What a tab reads after each event about the topic. */
  readonly path: string;
  readonly make: (round: number) => Promise<unknown>;
  /** When the change was on record, as the answer says; undefined while the answer does not show it. */
  readonly recordedIn: (answer: unknown, round: number) => string | undefined;
}

/** Reads after each event what a tab shows, until it has the change. @returns milliseconds since it was on record */
async function untilShown(running: RunningConsole, change: Change, round: number): Promise<number> {
  const stream = await ask(running, `/api/events?topic=${encodeURIComponent(change.topic)}`);
  const events = stream.body?.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
  let made: Promise<unknown> | undefined;
  setTimeout(
    () => {
      made = change.make(round);
    },
    UNTIL_QUIET + (round * 1000) / ROUNDS,
  );
  for await (const _ of events ?? []) {
    // What a tab reads when it is opened is not the change.
    if (!made) continue;
    const recorded = change.recordedIn(await (await ask(running, change.path)).json(), round);
    if (recorded === undefined) continue;
    const shownAt = Date.now();
    await made;
    return shownAt - Date.parse(recorded);
  }
  return Number.NaN;
}

/** Changes fall anywhere between two questions of a console at rest. */
async function shown(connection: StageConnection, change: Change): Promise<Figure> {
  const waits: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const running = await started(connection);
    waits.push(await untilShown(running, change, round));
    await running.stop();
  }
  return {
    name: `console, ${change.name} is shown after a quiet time`,
    value: Math.round(median(waits)),
    unit: 'ms',
    limit: { atMost: 1000 },
    note: `median of ${ROUNDS}, the longest ${Math.max(...waits)} ms, without the browser`,
  };
}

/** How long until a tab of a console at rest shows what others have done. */
export async function changeFigures(connection: StageConnection): Promise<Figure[]> {
  const client = new StageClient(connection);
  const { table } = client;
  const signupId = 'sub_console_changes';
  const tenantId = tenantIdOf(signupId);
  const write = async (companyName: string) => {
    const record = aTenantRecord({ ...{ tenantId, signupId, companyName }, updatedAt: new Date().toISOString() });
    const Item = { ...itemKeys.tenant(tenantId), ...changedNow(), ...record };
    await table.client.send(new PutCommand({ TableName: table.name, Item }));
  };
  await write('before the first round');
  const ofTenant: Change = {
    ...{ name: 'a change of a tenant', topic: `tenant:${tenantId}`, path: `/api/tenants/${tenantId}` },
    make: (round) => write(`Round ${round}`),
    recordedIn: (answer, round) => {
      const { companyName, since } = TenantDetailSchema.parse(answer);
      return companyName === `Round ${round}` ? since : undefined;
    },
  };
  // An act on a name that nobody has is on record as every other, and changes no tenant.
  const nobody = (round: number) => `nobody-${round}`;
  const ofOthers: Change = {
    ...{ name: 'an act of another operator', topic: 'acts', path: '/api/acts' },
    make: (round) => client.suspend(nobody(round), 'a benchmark').catch(() => {}),
    recordedIn: (answer, round) =>
      ActsPageSchema.parse(answer).acts.find(({ target }) => target === nobody(round))?.endedAt,
  };
  try {
    return [await shown(connection, ofTenant), await shown(connection, ofOthers)];
  } finally {
    await table.client.send(new DeleteCommand({ TableName: table.name, Key: itemKeys.tenant(tenantId) }));
  }
}
