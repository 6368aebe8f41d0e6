import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { createContext, useContext, useEffect, useState, useSyncExternalStore } from 'react';
import type * as z from 'zod';
import { type ConsoleApi, useApi } from './console-api';
import { type LiveState, LiveUpdates } from './live-updates';

export const LiveContext = createContext<LiveUpdates | undefined>(undefined);

/** Follows the console's events as long as the component is shown. */
export function useLiveUpdates(api: ConsoleApi): [LiveUpdates, LiveState] {
  const [live] = useState(
    () =>
      new LiveUpdates((topics, headers, signal) => {
        const query = new URLSearchParams(topics.map((topic) => ['topic', topic]));
        return api.open(`/api/events?${query}`, { headers, signal });
      }),
  );
  useEffect(() => {
    void live.run();
    return () => live.stop();
  }, [live]);
  return [live, useSyncExternalStore(live.listen, () => live.state)];
}

/**
 * Asks the console, and asks again after each change of the topics.
 *
 * @param path undefined: there is nothing to ask yet
 * @param topicsOf topics that the answer shows; they may need the answer itself
 */
export function useLive<S extends z.ZodType>(
  path: string | undefined,
  schema: S,
  topicsOf: (data: z.output<S> | undefined) => readonly string[],
) {
  const api = useApi();
  const live = useContext(LiveContext);
  const query = useQuery({
    ...{ queryKey: [path], enabled: path !== undefined, placeholderData: keepPreviousData },
    queryFn: ({ signal }) => api.get(path ?? '', schema, signal),
  });
  const { data, error, refetch, isFetching } = query;
  const topics = topicsOf(data).join('\n');
  useEffect(
    () => (topics && live ? live.watch(topics.split('\n'), () => void refetch()) : undefined),
    [topics, live, refetch],
  );
  return { data, error, refetch, isFetching };
}
