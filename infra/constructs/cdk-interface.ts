/** `x?: T` and `x: T | undefined` alike. */
type Loose<T> = { [K in keyof T]: undefined extends T[K] ? T[K] | undefined : T[K] };

/**
 * A construct by its interface. aws-cdk-lib's classes declare `x: T | undefined` where its interfaces declare `x?: T`,
 * which `exactOptionalPropertyTypes` tells apart; nothing else is let through.
 */
export function asInterface<T>(construct: Loose<T>): T;
export function asInterface(construct: unknown): unknown {
  return construct;
}
