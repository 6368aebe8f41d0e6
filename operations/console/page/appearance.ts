import { applyMode, Mode } from '@cloudscape-design/global-styles';
import { useEffect, useState, useSyncExternalStore } from 'react';

const KEY = 'console-appearance';
export const APPEARANCES = ['system', 'light', 'dark'] as const;
export type Appearance = (typeof APPEARANCES)[number];

const DARK = '(prefers-color-scheme: dark)';

function watchSystem(changed: () => void): () => void {
  const query = matchMedia(DARK);
  query.addEventListener('change', changed);
  return () => query.removeEventListener('change', changed);
}

const chosen = (): Appearance => APPEARANCES.find((each) => each === localStorage.getItem(KEY)) ?? 'system';

/** Light or dark, as the system has it or as the operator has chosen in this browser. */
export function useAppearance(): [Appearance, (appearance: Appearance) => void] {
  const [appearance, setAppearance] = useState(chosen);
  const isSystemDark = useSyncExternalStore(watchSystem, () => matchMedia(DARK).matches);
  const isDark = appearance === 'system' ? isSystemDark : appearance === 'dark';
  useEffect(() => applyMode(isDark ? Mode.Dark : Mode.Light), [isDark]);
  const choose = (next: Appearance) => {
    localStorage.setItem(KEY, next);
    setAppearance(next);
  };
  return [appearance, choose];
}
