import {
  type DescribeExecutionOutput,
  RedriveExecutionCommand,
  SendTaskFailureCommand,
  SendTaskSuccessCommand,
  type SFNClient,
} from '@aws-sdk/client-sfn';
import type * as z from 'zod';
import { readLiveColour } from '../compute/table-live-colour';
import type { Act, SteerReleaseAnswer } from '../contract/act';
import type { PlatformErrorName } from '../contract/errors';
import type { ReleaseClaim } from '../contract/records';
import { type ReleaseRequest, ReleaseRequestSchema } from '../contract/release';
import { note, readClaim } from '../delivery/release-store';
import { describe, isUnderWay } from '../shared/described-execution';
import { isNamed } from '../shared/is-named';
import { parseAt } from '../shared/parse-at';
import { unless } from '../shared/unless';
import { isTaskGone } from '../stacks/settle-stack';
import type { TenantsTable } from '../tenants/tenants-table';
import { describeRefused, isRedriven } from './executions';
import { type StartedInCell, startInCell } from './start-in-cell';

export interface ReleaseDeps {
  readonly table: TenantsTable;
  readonly sfn: Pick<SFNClient, 'send'>;
  readonly releaseMachineArn: string;
  /** Pause before the description of an execution is read again, milliseconds. */
  readonly pauseMs?: number;
}

type OfKind<K extends Act['kind']> = Extract<Act, { kind: K }>;
type Intent = ReleaseClaim['intent'];
type Steering = z.output<typeof SteerReleaseAnswer>;

const RECALLED: PlatformErrorName = 'ReleaseRecalled';

/** The id of an image's release: two starts of one image are one release. */
const idOf = (digest: string) => `r-${digest.slice('sha256:'.length, 'sha256:'.length + 12)}`;

async function begin(
  { sfn, releaseMachineArn: stateMachineArn }: ReleaseDeps,
  given: ReleaseRequest,
  claim: ReleaseClaim | undefined,
): Promise<StartedInCell> {
  const input = parseAt('release', ReleaseRequestSchema, given);
  return await startInCell(sfn, { purpose: 'release', cell: input.cell, stateMachineArn, input, claim });
}

/**
 * Starts the release of an image in a cell, unless a release is under way there.
 *
 * @throws PlatformError `InvalidRequest` for a malformed digest or id
 */
export async function startRelease(deps: ReleaseDeps, act: OfKind<'release'>): Promise<StartedInCell> {
  const { cell, digest, releaseId = idOf(digest), slower } = act;
  return await begin(deps, { cell, digest, releaseId, ...(slower && { slower }) }, await readClaim(deps.table, cell));
}

/** @returns false when the release has ended meanwhile */
async function intend({ table }: ReleaseDeps, cell: string, executionArn: string, intent: Intent): Promise<boolean> {
  try {
    await note(table, cell, executionArn, { intent });
    return true;
  } catch (thrown) {
    if (isNamed(thrown, 'ClaimLost')) return false;
    throw thrown;
  }
}

/** Ends the waiting time of a ring at once. It may have ended a moment before. */
async function answerRing({ sfn }: ReleaseDeps, taskToken: string, intent: Intent, releaseId: string): Promise<void> {
  const cause = `an operator has taken release ${releaseId} back`;
  const answer =
    intent === 'back'
      ? sfn.send(new SendTaskFailureCommand({ taskToken, error: RECALLED, cause }))
      : sfn.send(new SendTaskSuccessCommand({ taskToken, output: '{}' }));
  await unless(answer, isTaskGone);
}

/**
 * Redrives a stopped release, unless another operator has.
 *
 * @returns false when AWS has deleted the execution, or no longer redrives it ("RedriveExecution": within 14 days of its end)
 */
async function redriven(
  { sfn, pauseMs }: ReleaseDeps,
  executionArn: string,
  execution: DescribeExecutionOutput | undefined,
): Promise<boolean> {
  if (!execution) return false;
  try {
    await sfn.send(new RedriveExecutionCommand({ executionArn }));
    return true;
  } catch (thrown) {
    if (!isNamed(thrown, 'ExecutionNotRedrivable')) throw thrown;
    const now = await describeRefused(sfn, executionArn, execution, pauseMs);
    return now !== undefined && (isRedriven(now, execution) || now.redriveStatus !== 'NOT_REDRIVABLE');
  }
}

async function withoutRelease(
  deps: ReleaseDeps,
  { cell, intent }: OfKind<'steer-release'>,
  claim: ReleaseClaim | undefined,
): Promise<Steering> {
  if (intent !== 'back') return { how: 'nothing', because: `no release is under way in cell ${cell}` };
  const live = await readLiveColour(deps.table, cell);
  const digest = live?.formerDigest;
  if (!digest) return { how: 'nothing', because: `no release has brought the version that cell ${cell} had before` };
  // The id must differ from that of the release that brought the image first.
  const releaseId = `${idOf(digest)}-after-${live.releaseId ?? 'none'}`.slice(0, 64);
  const started = await begin(deps, { cell, digest, releaseId }, claim);
  return started.how === 'nothing' ? started : { ...started, releaseId, digest };
}

/**
 * Holds the release of a cell, lets it continue, or returns its tenants. A stopped release is
 * redriven, so that it can return its tenants. When no release is under way, `back` starts a release
 * of the previous image.
 */
export async function steerRelease(deps: ReleaseDeps, act: OfKind<'steer-release'>): Promise<Steering> {
  const { cell, intent } = act;
  const claim = await readClaim(deps.table, cell);
  if (!claim || claim.endedAt) return await withoutRelease(deps, act, claim);
  const { releaseId, executionArn, waiting } = claim;
  if (!(await intend(deps, cell, executionArn, intent)))
    return { how: 'nothing', because: `release ${releaseId} has just ended` };
  if (waiting?.for === 'bake' && intent !== 'hold') await answerRing(deps, waiting.taskToken, intent, releaseId);
  const execution = await describe(deps.sfn, executionArn);
  if (intent === 'back' && !(execution && isUnderWay(execution)) && !(await redriven(deps, executionArn, execution))) {
    const because = `AWS can no longer redrive release ${releaseId}: its tenants get the live version within some minutes, then cell ${cell} is free`;
    return { how: 'nothing', because };
  }
  return { how: 'steered', releaseId, executionArn };
}
