/**
 * A value as text, without the order of keys.
 *
 * @param isCompared whether a key counts, with its value
 */
export function sortedText(value: unknown, isCompared = (_key: string, _value: unknown) => true): string {
  const sorted = (each: unknown): unknown => {
    if (Array.isArray(each)) return each.map(sorted);
    if (typeof each !== 'object' || each === null) return each;
    return Object.fromEntries(
      Object.entries(each)
        .filter(([key, inner]) => isCompared(key, inner))
        .sort(([one], [other]) => one.localeCompare(other))
        .map(([key, inner]) => [key, sorted(inner)]),
    );
  };
  return JSON.stringify(sorted(value)) ?? 'none';
}
