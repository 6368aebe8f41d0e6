/**
 * Whether an error has one of these names. Both the SDK's errors and `PlatformError` are told apart
 * by name.
 */
export const isNamed = (thrown: unknown, ...names: readonly string[]): thrown is Error =>
  thrown instanceof Error && names.includes(thrown.name);
