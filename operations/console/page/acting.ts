import { type ActResults, ActResultsSchema, type ActsRequest, type Preview } from '../api';
import type { ConsoleApi } from './console-api';

export type ActOutcome = ActResults['results'][number];

/** Tenants of one request; the console takes at most 25. A smaller number shows progress sooner. */
const SLICE = 10;

/** Requests for an act on all targets of a preview, in their order, each with its own confirmation. */
export function requestsFor({ act, targets }: Preview, reason: string): readonly ActsRequest[] {
  const slices = Array.from({ length: Math.ceil(targets.length / SLICE) }, (_, index) =>
    targets.slice(index * SLICE, (index + 1) * SLICE),
  );
  return slices.map((slice) => {
    const [first] = slice;
    const isOne = slice.length === 1 && first;
    return {
      ...{ act, tenants: slice.map(({ tenantId }) => tenantId), ...(reason && { reason }) },
      confirm: isOne ? (first.subdomain ?? first.tenantId) : `${slice.length} tenants`,
    };
  });
}

/** @param progress called with the number of tenants that are done */
export async function performOn(
  api: Pick<ConsoleApi, 'post'>,
  preview: Preview,
  reason: string,
  progress: (done: number) => void,
): Promise<readonly ActOutcome[]> {
  const outcomes: ActOutcome[] = [];
  for (const request of requestsFor(preview, reason)) {
    outcomes.push(...(await api.post('/api/acts', request, ActResultsSchema)).results);
    progress(outcomes.length);
  }
  return outcomes;
}
