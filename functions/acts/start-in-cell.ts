import type { SFNClient } from '@aws-sdk/client-sfn';
import { describe, isUnderWay } from '../shared/described-execution';
import { startInstead } from './start-instead';

/** A release or a migration that has a cell, or had it last. */
interface CellClaim {
  readonly executionArn: string;
  readonly startedAt: string;
  readonly endedAt?: string | undefined;
}

export interface InCell {
  readonly purpose: 'release' | 'migrate';
  readonly cell: string;
  readonly stateMachineArn: string;
  readonly input: object;
  readonly claim: CellClaim | undefined;
}

export type StartedInCell =
  | { readonly how: 'started'; readonly executionArn: string }
  | { readonly how: 'nothing'; readonly because: string; readonly executionArn: string };

const WHAT = { release: 'a release', migrate: 'a migration' } as const;

/**
 * Starts a release or a migration of a cell, unless one is under way there. An execution claims its cell some moments after its
 * start. Of operators who start one meanwhile the first one has: all choose the same name, which follows from the claim that the
 * cell had before, and the others are told of the first. Executions that ended without a claim are passed over.
 */
export async function startInCell(sfn: Pick<SFNClient, 'send'>, order: InCell): Promise<StartedInCell> {
  const { purpose, cell, stateMachineArn, input, claim } = order;
  const nothing = (executionArn: string, since: string): StartedInCell => {
    const because = `${WHAT[purpose]} has cell ${cell} since ${since}: ${executionArn}`;
    return { how: 'nothing', because, executionArn };
  };
  if (claim && !claim.endedAt) {
    const before = await describe(sfn, claim.executionArn);
    if (before && isUnderWay(before)) return nothing(claim.executionArn, claim.startedAt);
  }
  let after = claim?.executionArn ?? `${stateMachineArn} ${cell}`;
  for (;;) {
    const started = await startInstead(sfn, purpose, after, input, stateMachineArn);
    const { executionArn } = started;
    if (started.isNew) return { how: 'started', executionArn };
    if (!started.earlier || isUnderWay(started.earlier)) return nothing(executionArn, 'a moment ago');
    after = executionArn;
  }
}
