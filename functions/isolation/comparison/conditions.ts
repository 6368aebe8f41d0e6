import type { Condition } from '../policy-document';
import { coversPattern } from './patterns';

/** How the values of an operator are compared. Operators of one family can imply each other. */
type Family = 'text' | 'text in any case' | 'ARN' | 'truth' | 'presence' | 'other';

/** An operator in its parts, e.g. `ForAllValues:StringNotLikeIfExists`. */
interface Operator {
  /** `forallvalues`, `foranyvalue` or empty. */
  readonly quantifier: string;
  readonly family: Family;
  /** The operator without `Not`, in lower case. Operators of the family `other` imply only themselves. */
  readonly base: string;
  readonly negated: boolean;
  /** Whether the values are patterns. */
  readonly patterns: boolean;
  /** What the test says of a request that has no such key. */
  readonly ifAbsent: boolean;
}

const FAMILIES: Readonly<Record<string, Family>> = {
  stringequals: 'text',
  stringlike: 'text',
  stringequalsignorecase: 'text in any case',
  arnequals: 'ARN',
  arnlike: 'ARN',
  bool: 'truth',
  null: 'presence',
};

/**
 * The parts of an operator. A missing key fails a test, except: `IfExists` and `ForAllValues` pass
 * it, and so does a negated operator ("IAM JSON policy elements: Condition operators"; "Set operators
 * for multivalued context keys"). `ForAnyValue` fails it always.
 */
function operatorOf(name: string): Operator {
  const [, quantifier = '', rest = ''] = /^(?:(forallvalues|foranyvalue):)?(.*)$/.exec(name.toLowerCase()) ?? [];
  const ifExists = rest.endsWith('ifexists');
  const plain = ifExists ? rest.slice(0, -'ifexists'.length) : rest;
  const negated = /^(?:string|arn|numeric|date)not|^notip/.test(plain);
  const base = negated ? plain.replace('not', '') : plain;
  const family = FAMILIES[base] ?? 'other';
  return {
    quantifier,
    family,
    base,
    negated,
    patterns: base === 'stringlike' || family === 'ARN',
    ifAbsent: quantifier === 'foranyvalue' ? false : quantifier === 'forallvalues' || ifExists || negated,
  };
}

/** Service, Region, account and the rest of an ARN are compared part by part ("ARN condition operators"). */
function coversArn(outer: string, inner: string): boolean {
  const parts = (arn: string) => [...arn.split(':').slice(0, 5), arn.split(':').slice(5).join(':')];
  const ofInner = parts(inner);
  const comparable = [outer, inner].every((arn) => arn.split(':').length >= 6);
  return outer === inner || (comparable && parts(outer).every((part, at) => coversPattern(part, ofInner[at] ?? '')));
}

/** Whether a value of one test accepts all that a value of another accepts. */
function coversValue(outer: string, by: Operator, inner: string, of: Operator): boolean {
  if (by.family === 'ARN') return coversArn(outer, inner);
  if (by.family === 'truth') return outer.toLowerCase() === inner.toLowerCase();
  if (by.family === 'text in any case') return outer.toLowerCase() === inner.toLowerCase();
  if (!of.patterns) return by.patterns ? coversPattern(outer, inner.replace(/[*?]/g, '\u0000')) : outer === inner;
  return by.patterns ? coversPattern(outer, inner) : outer === inner && !/[*?]/.test(inner);
}

const everyValueIsIn = (inner: Condition, of: Operator, outer: Condition, by: Operator) =>
  inner.values.every((value) => outer.values.some((each) => coversValue(each, by, value, of)));

const saysPresent = (values: readonly string[]) => values.length === 1 && values[0]?.toLowerCase() === 'false';
const saysAbsent = (values: readonly string[]) => values.length === 1 && values[0]?.toLowerCase() === 'true';

/** Whether whatever passes the first test passes the second. An answer of true is certain. */
function impliesTest(strict: Condition, loose: Condition): boolean {
  if (strict.key.toLowerCase() !== loose.key.toLowerCase()) return false;
  const [a, b] = [operatorOf(strict.operator), operatorOf(loose.operator)];
  if (a.family === 'presence' || b.family === 'presence') {
    if (b.family !== 'presence') return saysAbsent(strict.values) && b.ifAbsent;
    if (a.family !== 'presence') return saysPresent(loose.values) && !a.ifAbsent;
    return strict.values.join() === loose.values.join();
  }
  if (a.quantifier !== b.quantifier || a.family !== b.family || a.negated !== b.negated) return false;
  if (a.ifAbsent && !b.ifAbsent) return false;
  if (a.family === 'other' && (a.base !== b.base || strict.values.length !== loose.values.length)) return false;
  return a.negated ? everyValueIsIn(loose, b, strict, a) : everyValueIsIn(strict, a, loose, b);
}

/** Conditions of a statement that no test of the other conditions implies: what a request need not fulfil any more. */
export const missingFrom = (strict: readonly Condition[], loose: readonly Condition[]): Condition[] =>
  loose.filter((test) => !strict.some((each) => impliesTest(each, test)));

/** A condition in words. */
export const wordsOf = ({ operator, key, values }: Condition) => `${operator} ${key} ${values.join(', ')}`;

/** What is known of a key of a request: its values, or only whether it is there. */
export type Known = { readonly values: readonly string[] } | { readonly present: boolean };

/** A policy variable, whose value is the request's ("IAM policy elements: Variables and tags"). */
const hasVariable = (text: string) => text.includes('$' + '{');

/** Whether one value of a request passes a test. Undefined: its variables, or an operator for numbers, dates and addresses, decide. */
function isPassedByValue(test: Condition, by: Operator, value: string): boolean | undefined {
  if (by.family === 'other') return undefined;
  const of = operatorOf('StringEquals');
  const isListed = test.values.some(
    (each) => coversValue(each, by, value, of) || (by.family === 'ARN' && coversPattern(each, value)),
  );
  if (!isListed && test.values.some(hasVariable)) return undefined;
  return isListed !== by.negated;
}

/**
 * Whether a request passes a test of a key. Undefined: what is known does not tell.
 *
 * @param known of the key of the test; undefined where nothing is known of it
 */
export function isPassedWith(test: Condition, known: Known | undefined): boolean | undefined {
  if (!known) return undefined;
  const by = operatorOf(test.operator);
  const isPresent = 'values' in known || known.present;
  if (by.family === 'presence') return test.values.some((each) => each.toLowerCase() === String(!isPresent));
  if (!isPresent) return by.ifAbsent;
  if (!('values' in known)) return undefined;
  const answers = known.values.map((each) => isPassedByValue(test, by, each));
  const isEnough = by.quantifier !== 'forallvalues';
  if (answers.includes(isEnough)) return isEnough;
  return answers.includes(undefined) ? undefined : !isEnough;
}
