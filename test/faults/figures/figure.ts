/** One number with the limit that it must keep. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly limit: string;
  readonly ok: boolean;
  /** In words, what is wrong. */
  readonly problems: readonly string[];
}

export function figure(
  name: string,
  value: number,
  unit: string,
  limit: { readonly text: string; readonly ok: boolean },
  problems: readonly string[] = [],
): Figure {
  return { name, value, unit, limit: limit.text, ok: limit.ok && problems.length === 0, problems };
}
