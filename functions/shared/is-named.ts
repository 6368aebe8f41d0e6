/** Whether an error has one of these names: the SDK's errors and ours are told apart by name. */
export const isNamed = (thrown: unknown, ...names: readonly string[]): thrown is Error =>
  thrown instanceof Error && names.includes(thrown.name);
