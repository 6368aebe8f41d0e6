/**
 * The end of a failed run, under the name of the error that caused it. That name need not be one of ours
 * (`Lambda.Unknown`, `TaskFailed`): it is what the execution shows as its error, so it must pass unchanged.
 */
export class ConcludedFailure extends Error {
  override readonly name: string;

  constructor(error: string, cause: string) {
    super(cause);
    this.name = error;
  }
}
