/**
 * Ends a failed run under the name of the error that failed it. The execution shows this name as
 * its error, so the name passes unchanged, also one of AWS (`Lambda.Unknown`, `TaskFailed`).
 */
export class ConcludedFailure extends Error {
  override readonly name: string;

  constructor(error: string, cause: string) {
    super(cause);
    this.name = error;
  }
}
