/** The answer to one question of the preflight. Only `ok` lets a deployment pass. */
export interface Finding {
  readonly subject: string;
  readonly verdict: 'ok' | 'failed' | 'unknown';
  /** What was found and, unless the verdict is `ok`, what to do. */
  readonly says: string;
}

export const ok = (subject: string, says: string): Finding => ({ subject, verdict: 'ok', says });
export const failed = (subject: string, says: string): Finding => ({ subject, verdict: 'failed', says });

/** Runs a check, and turns an error of AWS into a finding with the error's message. */
export async function asked(subject: string, ask: () => Promise<readonly Finding[]>): Promise<readonly Finding[]> {
  try {
    return await ask();
  } catch (thrown) {
    const reason = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
    return [{ subject, verdict: 'unknown', says: `could not be asked: ${reason}` }];
  }
}
