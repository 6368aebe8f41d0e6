import { useEffect, useState } from 'react';
import { durationText, timeText } from './time-text';

export function Time({ at }: { readonly at: string | undefined }) {
  return at ? <time dateTime={at}>{timeText(at)}</time> : <>-</>;
}

/** Time from the start to the end; without an end it counts on. */
export function Clock({ from, to }: { readonly from: string; readonly to: string | undefined }) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (to) return;
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [to]);
  return <span>{durationText((to ? Date.parse(to) : now) - Date.parse(from))}</span>;
}
