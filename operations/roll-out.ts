import type { CellDescriptor } from '../functions/contract/cell';
import type { Ended } from './client/executions';
import { type Intent, type ReleaseOrder, Releases, type Steering } from './client/releases';
import type { StageClient } from './client/stage-client';

export interface RollOut extends ReleaseOrder {
  /** Only this cell. */
  readonly cell?: string | undefined;
}

export interface RolledCell extends Pick<Ended, 'executionArn' | 'failure'> {
  readonly cell: string;
  /** `NOT_STARTED`: another release, whose execution this is, has the cell. */
  readonly status: Ended['status'] | 'NOT_STARTED';
}

async function rollCell(
  client: StageClient,
  cell: CellDescriptor,
  order: RollOut,
  options: { readonly signal: AbortSignal; readonly say: (line: string) => void },
): Promise<RolledCell> {
  const { signal, say } = options;
  const started = await new Releases(client).start(cell, order);
  const { executionArn } = started;
  if (started.how === 'nothing') {
    say(`cell ${cell.name}: ${started.because}`);
    return { cell: cell.name, executionArn, status: 'NOT_STARTED', failure: undefined };
  }
  say(`cell ${cell.name}: ${executionArn}`);
  let said = 0;
  const { status, failure } = await client.follow(executionArn, {
    signal,
    onProgress: (visits) => {
      for (const { state } of visits.slice(said)) say(`  ${state}`);
      said = visits.length;
    },
  });
  say(`cell ${cell.name}: ${status}${failure ? ` ${failure.error}\n${failure.reason}` : ''}`);
  return { cell: cell.name, executionArn, status, failure };
}

/**
 * Releases an image in one cell after another, and follows each release to its end. A release that
 * one cell has returned, or has no place for, is not started in the next cell.
 *
 * @param options `say` gets a line for each state
 * @returns the cells whose release has ended; only the last one can have failed
 */
export async function rollOut(
  client: StageClient,
  order: RollOut,
  options: { readonly signal: AbortSignal; readonly say: (line: string) => void },
): Promise<RolledCell[]> {
  const rolled: RolledCell[] = [];
  for (const cell of await new Releases(client).cellsCalled(order.cell)) {
    const ended = await rollCell(client, cell, order, options);
    rolled.push(ended);
    if (ended.status !== 'SUCCEEDED') break;
  }
  return rolled;
}

/** Gives an order to the release of each cell, or of one cell. */
export async function steerCells(
  client: StageClient,
  intent: Intent,
  { cell, reason }: Pick<RollOut, 'cell' | 'reason'>,
): Promise<(Steering & { readonly cell: string })[]> {
  const releases = new Releases(client);
  const steered: (Steering & { readonly cell: string })[] = [];
  for (const each of await releases.cellsCalled(cell))
    steered.push({ cell: each.name, ...(await releases.steer(each, intent, reason)) });
  return steered;
}
