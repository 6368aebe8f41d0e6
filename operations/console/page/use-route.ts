import { useEffect, useRef, useSyncExternalStore } from 'react';
import { type Route, routeOf } from './routes';

function watch(changed: () => void): () => void {
  addEventListener('hashchange', changed);
  return () => removeEventListener('hashchange', changed);
}

/** The fragment of the address, and the view that it names. Back and forward work as on any page. */
export function useRoute(): [string, Route] {
  const fragment = useSyncExternalStore(watch, () => location.hash);
  return [fragment, routeOf(fragment)];
}

/**
 * Names the view in the browser's title, and moves the focus to its beginning, so that a screen
 * reader announces it. The first view leaves the focus where the browser has it.
 */
export function useArrival(title: string, place: string): { readonly current: HTMLElement | null } {
  const main = useRef<HTMLElement>(null);
  const last = useRef(place);
  useEffect(() => {
    document.title = `${title} - Tenant onboarding`;
  }, [title]);
  useEffect(() => {
    if (last.current === place) return;
    last.current = place;
    main.current?.focus();
    scrollTo(0, 0);
  }, [place]);
  return main;
}

/** Changes the query of the view without a step in the history, as typing a filter does. */
export function replaceRoute(fragment: string): void {
  location.replace(fragment);
}
