import type * as z from 'zod';
import type { PlatformErrorName } from '../../functions/contract/errors';
import { Releases } from '../client/releases';
import type { StageClient } from '../client/stage-client';
import type { Verification } from '../client/verification';
import { abandonText, redriveText } from '../ops/acts';
import { retriedText } from '../release-text';
import type { ActKind, ActResults, ActsRequestSchema } from './api/acts';

type Result = Omit<ActResults['results'][number], 'tenantId'>;
type Order = Pick<z.output<typeof ActsRequestSchema>, 'anew' | 'reason'>;

function verified(verification: Verification): Result {
  if (verification.verdict === 'skipped')
    return { outcome: 'refused', message: `it is ${verification.status}: only a tenant in service can be verified` };
  const { verdict, failed, checks, reason, report } = verification;
  if (verdict === 'isolated') return { outcome: 'done', message: `isolated: all ${checks} checks passed`, report };
  const error: { error?: PlatformErrorName } = verdict === 'drifted' ? { error: 'IsolationBreach' } : {};
  const what = failed.length > 0 ? `${failed.length} of ${checks} checks failed: ` : 'not verified: ';
  return { outcome: 'failed', ...error, message: `${what}${reason}`, report };
}

/** A run that was started or goes on; `because` stands where there was nothing to do. */
const started = (done: { readonly how: string; readonly executionArn?: string }, message: string): Result => ({
  outcome: done.how === 'nothing' ? 'nothing' : 'done',
  message,
  ...(done.executionArn !== undefined && { executionArn: done.executionArn }),
});

/** As in the command: a tenant comes back only if a verification passes right before. */
async function resumed(client: StageClient, tenant: string, reason: string | undefined): Promise<Result> {
  const verification = await client.verify(tenant, reason);
  if (verification.verdict !== 'isolated') {
    const { message, ...result } = verified(verification);
    return { ...result, message: `it stays suspended: ${message}` };
  }
  const { host, resumedAt } = await client.resume(tenant, reason);
  return { outcome: 'done', message: `${host} is ACTIVE since ${resumedAt}`, report: verification.report };
}

/** Acts with a tenant id, through the same functions as `ops`: PerformAct performs and records each. */
const ACTS: Readonly<Record<ActKind, (client: StageClient, tenant: string, order: Order) => Promise<Result>>> = {
  redrive: async (client, tenant, { anew, reason }) => {
    const done = await client.redrive({ tenant }, { anew, reason });
    return started(done, redriveText(done));
  },
  abandon: async (client, tenant, { reason = '' }) => {
    const done = await client.abandon(tenant, reason);
    return started(done, abandonText(done));
  },
  verify: async (client, tenant, { reason }) => verified(await client.verify(tenant, reason)),
  suspend: async (client, tenant, { reason = '' }) => {
    const { host, suspendedAt, earlier } = await client.suspend(tenant, reason);
    const by = earlier && `, by ${earlier.by}: ${earlier.reason}`;
    return { outcome: earlier ? 'nothing' : 'done', message: `${host} is SUSPENDED since ${suspendedAt}${by ?? ''}` };
  },
  resume: (client, tenant, { reason }) => resumed(client, tenant, reason),
  'retry-move': async (client, tenant, { reason }) => ({
    outcome: 'done',
    message: retriedText(await new Releases(client).retry(tenant, reason)),
  }),
};

/** @throws ActNotDone when the platform refuses the act, or it fails */
export const perform = (client: StageClient, act: ActKind, tenant: string, order: Order) =>
  ACTS[act](client, tenant, order);
