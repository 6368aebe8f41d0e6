/** Makes `x?: T` and `x: T | undefined` the same type. */
type Loose<T> = { [K in keyof T]: undefined extends T[K] ? T[K] | undefined : T[K] };

/**
 * Gives a construct the type of its interface. aws-cdk-lib's classes declare `x: T | undefined`
 * where its interfaces declare `x?: T`, and `exactOptionalPropertyTypes` distinguishes the two.
 * All other types must match.
 */
export function asInterface<T>(construct: Loose<T>): T;
export function asInterface(construct: unknown): unknown {
  return construct;
}
