import { runInNewContext } from 'node:vm';

/** Milliseconds. What AWS takes as an expression is done with a header in less than one; one that backtracks needs years. */
const ENOUGH = 250;

/**
 * Whether an expression that somebody has given AWS matches a text. Node's engine backtracks, and nested quantifiers would keep an
 * audit busy for ever. A leading `(?i)` is PCRE's, which Node does not know ("Supported regular expression syntax in AWS WAF").
 *
 * @returns undefined for an expression that Node does not understand, or is not done with in time
 */
export function expressionMatches(expression: string, text: string, flags = ''): boolean | undefined {
  const [prefix = '', inline = flags] = /^\(\?([ims]+)\)/.exec(expression) ?? [];
  const given = { source: expression.slice(prefix.length), flags: [...new Set(flags + inline)].join(''), text };
  try {
    return runInNewContext('new RegExp(source, flags).test(text)', given, { timeout: ENOUGH }) === true;
  } catch {
    return undefined;
  }
}
