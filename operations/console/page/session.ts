const KEY = 'console-token';
const IN_FRAGMENT = /^#token=([A-Za-z0-9_-]+)$/;

/** What a browser's tab has of the session. */
interface Tab {
  readonly location: { readonly hash: string };
  readonly history: { replaceState(data: unknown, unused: string, url: string): void };
  readonly storage: { getItem(key: string): string | null; setItem(key: string, value: string): void };
}

/**
 * The token with which this tab asks the console. The console prints it in the fragment of its URL:
 * a browser sends no fragment to any server. It then stays in the tab's storage, and the address bar
 * and the history lose it.
 *
 * @returns undefined in a tab that was not opened with the printed URL
 */
export function takeToken({ location, history, storage }: Tab): string | undefined {
  const [, given] = IN_FRAGMENT.exec(location.hash) ?? [];
  if (given) {
    storage.setItem(KEY, given);
    history.replaceState(null, '', '#/');
  }
  return given ?? storage.getItem(KEY) ?? undefined;
}
