/** The answer to one question of the preflight. What could not be answered is no answer that lets a deployment pass. */
export interface Finding {
  readonly subject: string;
  readonly verdict: 'ok' | 'failed' | 'unknown';
  /** What was found, and for anything but `ok` what to do. */
  readonly says: string;
}

export const ok = (subject: string, says: string): Finding => ({ subject, verdict: 'ok', says });
export const failed = (subject: string, says: string): Finding => ({ subject, verdict: 'failed', says });

/** Asks, and turns an error of AWS into a finding that says so. */
export async function asked(subject: string, ask: () => Promise<readonly Finding[]>): Promise<readonly Finding[]> {
  try {
    return await ask();
  } catch (thrown) {
    const reason = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
    return [{ subject, verdict: 'unknown', says: `could not be asked: ${reason}` }];
  }
}
