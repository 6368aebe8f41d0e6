/** `*` stands for any text, `?` for any one character ("IAM JSON policy elements: Resource"). */
const ANY = '*';
const ANY_ONE = '?';

const escaped = (text: string) => text.replace(/[.+^${}()|[\]\\]/g, '\\$&');

/**
 * Whether every text that `inner` matches is matched by `outer` too. A wildcard of `inner` is matched
 * only by one of `outer`, so a pair that this function cannot decide counts as not covered.
 */
export function coversPattern(outer: string, inner: string): boolean {
  if (outer === inner || outer === ANY) return true;
  // Most names have no wildcard, and a verification compares some thousands.
  if (!outer.includes(ANY) && !outer.includes(ANY_ONE)) return false;
  const text = escaped(outer).replaceAll(ANY, '[^]*').replaceAll(ANY_ONE, '[^*]');
  return new RegExp(`^${text}$`).test(inner);
}

/** Whether two patterns differ before either has a wildcard, or have none. An account has thousands that do; undefined: they may meet. */
export function differAtOnce(one: string, other: string): boolean | undefined {
  for (let i = 0; ; i++) {
    const [a, b] = [one[i], other[i]];
    if (a === ANY || a === ANY_ONE || b === ANY || b === ANY_ONE) return undefined;
    if (a !== b) return true;
    if (a === undefined) return false;
  }
}

/** Whether no text matches both patterns. */
export function areDisjoint(one: string, other: string): boolean {
  const atOnce = differAtOnce(one, other);
  if (atOnce !== undefined) return atOnce;
  const known = new Map<number, boolean>();
  const step = (a: string | undefined, b: string | undefined, i: number, j: number): boolean => {
    if (a === ANY) return meet(i + 1, j) || (b !== undefined && meet(i, j + 1));
    if (b === ANY) return meet(i, j + 1) || (a !== undefined && meet(i + 1, j));
    if (a === undefined || b === undefined) return a === b;
    return (a === b || a === ANY_ONE || b === ANY_ONE) && meet(i + 1, j + 1);
  };
  const meet = (i: number, j: number): boolean => {
    const at = i * (other.length + 1) + j;
    const answered = known.get(at);
    if (answered !== undefined) return answered;
    const [a, b] = [one[i], other[j]];
    const answer = step(a, b, i, j);
    known.set(at, answer);
    return answer;
  };
  return !meet(0, 0);
}

/** One element of a statement: what its patterns match or, if inverted (`NotAction`), all else. */
export interface Element {
  readonly inverted: boolean;
  readonly patterns: readonly string[];
}

/**
 * Whether everything that `inner` stands for is in `outer`. An answer of true is certain; of two
 * elements that are equal in an unusual way the answer may be false.
 */
export function coversElement(outer: Element, inner: Element): boolean {
  if (outer.inverted && inner.inverted)
    return outer.patterns.every((each) => inner.patterns.some((pattern) => coversPattern(pattern, each)));
  if (outer.inverted)
    return inner.patterns.every((each) => outer.patterns.every((pattern) => areDisjoint(pattern, each)));
  if (inner.inverted) return outer.patterns.includes(ANY);
  return inner.patterns.every((each) => outer.patterns.some((pattern) => coversPattern(pattern, each)));
}
