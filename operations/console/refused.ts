/** HTTP statuses of the console's own refusals. */
export const REFUSALS = {
  InvalidRequest: 400,
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
  BodyTooLarge: 413,
  NotJson: 415,
  ForeignHost: 421,
} as const;
export type RefusalName = keyof typeof REFUSALS;

/** A request that the console does not answer. `field`: the parameter or field that is wrong. */
export class Refused extends Error {
  constructor(
    override readonly name: RefusalName,
    message: string,
    readonly field?: string,
  ) {
    super(message);
  }
}
