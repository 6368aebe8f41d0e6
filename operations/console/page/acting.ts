import { inGroups } from '../../../functions/shared/in-groups';
import { type ActResults, ActResultsSchema, type ActsRequest, type Preview } from '../api/acts';
import type { ConsoleApi } from './console-api';

export type ActOutcome = ActResults['results'][number];

/** Tenants of one request; the console takes at most 25. A smaller number shows progress sooner. */
const SLICE = 10;

/** Requests for an act on all targets of a preview, in their order, each with its own confirmation. */
export function requestsFor({ act, targets }: Preview, reason: string): readonly ActsRequest[] {
  return inGroups(targets, SLICE).map((slice) => {
    const [first] = slice;
    const isOne = slice.length === 1 && first;
    return {
      ...{ act, tenants: slice.map(({ tenantId }) => tenantId), ...(reason && { reason }) },
      confirm: isOne ? (first.subdomain ?? first.tenantId) : `${slice.length} tenants`,
    };
  });
}

/**
 * Sends the requests one after another. After one that failed no more are sent, and what was done before
 * is told all the same.
 *
 * @param progress called with the number of tenants that are done
 * @throws ConsoleError when the first request fails: no outcome is known then
 */
export async function performOn(
  api: Pick<ConsoleApi, 'post'>,
  preview: Preview,
  reason: string,
  progress: (done: number) => void,
): Promise<readonly ActOutcome[]> {
  const outcomes: ActOutcome[] = [];
  for (const request of requestsFor(preview, reason)) {
    try {
      outcomes.push(...(await api.post('/api/acts', request, ActResultsSchema)).results);
    } catch (thrown) {
      if (outcomes.length === 0) throw thrown;
      const message = `not known, or not asked for: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
      const open = preview.targets.slice(outcomes.length);
      return [...outcomes, ...open.map(({ tenantId }) => ({ tenantId, outcome: 'failed' as const, message }))];
    }
    progress(outcomes.length);
  }
  return outcomes;
}
