let running = 0;
let usual = Error.stackTraceLimit;

/**
 * Runs work whose errors are expected answers, so that no caller reads their stack traces. The SDK
 * creates an error in advance for every request, and several for a denied request. Their stack
 * traces take a twentieth of the time of eighty requests ("Errors", Node.js:
 * `Error.stackTraceLimit`).
 *
 * Code that runs at the same time has no stack traces either. They are back when the last such work
 * has ended.
 */
export async function withoutStackTraces<T>(work: () => Promise<T>): Promise<T> {
  if (running === 0) usual = Error.stackTraceLimit;
  running += 1;
  Error.stackTraceLimit = 0;
  try {
    return await work();
  } finally {
    running -= 1;
    if (running === 0) Error.stackTraceLimit = usual;
  }
}
