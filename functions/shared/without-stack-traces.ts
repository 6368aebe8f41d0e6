let running = 0;
let usual = Error.stackTraceLimit;

/**
 * Does work whose errors are answers, each known by name and message, so that nobody reads their stacks. The SDK makes an
 * error in advance for every request, and several for one that is refused: their stacks are a twentieth of the time that
 * eighty requests take ("Errors", Node.js: `Error.stackTraceLimit`).
 *
 * Whatever runs beside it has no stacks either. They are back when the last such work is over.
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
