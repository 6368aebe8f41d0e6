import type { FieldToMatch, RateBasedStatement, Statement, TextTransformation } from '@aws-sdk/client-wafv2';
import { expressionMatches } from '../expression';
import { BROWSERS, FORM_HEADERS, VISITED } from '../ordinary-visits';

interface Visit {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** The pages that each browser loads. */
const PAGES: readonly (readonly Visit[])[] = BROWSERS.map((headers) =>
  VISITED.filter((path) => path !== '/leads').map((path) => ({ method: 'GET', path, headers })),
);
const FORMS: readonly Visit[] = BROWSERS.map((browser) => ({
  ...{ method: 'POST', path: '/leads', headers: { ...browser, ...FORM_HEADERS } },
  body: 'name=Ada&email=ada%40example.com',
}));
const VISITS = [...PAGES.flat(), ...FORMS];

/**
 * Whether a statement meets a visit. Unknown is what WAF alone knows: the country of a visitor, what a set of expressions has in
 * it, which labels other rules give. Unjudged is an expression that nobody can judge.
 */
type Verdict = boolean | 'unknown' | 'unjudged';

/** Names, values or both, of the headers or cookies that a rule looks at. */
function selected(
  parts: Readonly<Record<string, string>>,
  scope = 'ALL',
  included?: readonly string[],
  excluded: readonly string[] = [],
): string[] {
  const has = (names: readonly string[], name: string) => names.some((each) => each.toLowerCase() === name);
  return Object.entries(parts)
    .filter(([name]) => (included ? has(included, name) : !has(excluded, name)))
    .flatMap(([name, value]) => [...(scope === 'VALUE' ? [] : [name]), ...(scope === 'KEY' ? [] : [value])]);
}

/** What a rule looks at in a visit; undefined for what is not known of it. */
function textsOf(field: FieldToMatch, { method, path, headers, body }: Visit): readonly string[] | undefined {
  const { SingleHeader, Headers, Cookies } = field;
  if (field.UriPath) return [path];
  if (field.Method) return [method];
  if (field.QueryString) return [''];
  if (field.Body) return body === undefined ? [] : [body];
  if (SingleHeader) return [headers[SingleHeader.Name?.toLowerCase() ?? ''] ?? []].flat();
  if (field.HeaderOrder) return [Object.keys(headers).join(':')];
  if (field.SingleQueryArgument || field.AllQueryArguments) return [];
  if (Headers) {
    const { IncludedHeaders, ExcludedHeaders } = Headers.MatchPattern ?? {};
    return selected(headers, Headers.MatchScope, IncludedHeaders, ExcludedHeaders);
  }
  if (!Cookies) return undefined;
  const { IncludedCookies, ExcludedCookies } = Cookies.MatchPattern ?? {};
  return selected({ id: '1' }, Cookies.MatchScope, IncludedCookies, ExcludedCookies);
}

/** Others change nothing that an ordinary visit has; a text that is decoded or hashed is another. */
function transformed(text: string, transformations: readonly TextTransformation[] = []): string | undefined {
  const types = transformations.map(({ Type = '' }) => Type);
  if (types.some((type) => /^(?:BASE64|HEX|SQL_HEX|MD5|CMD)/.test(type))) return undefined;
  return types.includes('LOWERCASE') ? text.toLowerCase() : text;
}

/** "ByteMatchStatement": where in a field the text must be. */
const POSITIONS: Readonly<Record<string, (field: string, text: string) => boolean>> = {
  EXACTLY: (field, text) => field === text,
  STARTS_WITH: (field, text) => field.startsWith(text),
  ENDS_WITH: (field, text) => field.endsWith(text),
  CONTAINS: (field, text) => field.includes(text),
  CONTAINS_WORD: (field, text) => field.split(/\W/).includes(text),
};

const COMPARISONS: Readonly<Record<string, (one: number, other: number) => boolean>> = {
  EQ: (one, other) => one === other,
  NE: (one, other) => one !== other,
  LE: (one, other) => one <= other,
  LT: (one, other) => one < other,
  GE: (one, other) => one >= other,
  GT: (one, other) => one > other,
};

/** The test that a statement makes of one text. */
function testOf({ ByteMatchStatement: bytes, RegexMatchStatement: regex, SizeConstraintStatement: size }: Statement) {
  const text = new TextDecoder().decode(bytes?.SearchString);
  const isPlaced = POSITIONS[bytes?.PositionalConstraint ?? ''];
  const isSized = COMPARISONS[size?.ComparisonOperator ?? ''];
  return (field: string): Verdict => {
    if (regex) return expressionMatches(regex.RegexString ?? '', field) ?? 'unjudged';
    return (size ? isSized?.(field.length, size.Size ?? 0) : isPlaced?.(field, text)) ?? 'unknown';
  };
}

/** "Request components in AWS WAF": a visit that lacks what a statement looks at is not met by it. */
function meetsFields(statement: Statement, visit: Visit): Verdict {
  const { FieldToMatch: field = {}, TextTransformations } =
    statement.ByteMatchStatement ?? statement.RegexMatchStatement ?? statement.SizeConstraintStatement ?? {};
  const texts = textsOf(field, visit)?.map((text) => transformed(text, TextTransformations));
  const test = testOf(statement);
  const verdict = firstOf(texts ?? [undefined], true, (text) => (text === undefined ? 'unknown' : test(text)));
  const isOfTenant = /^(?:host|origin|referer)$/i.test(field.SingleHeader?.Name ?? '');
  return isOfTenant && !verdict ? 'unknown' : verdict;
}

/** The decisive verdict if any has it, for example false of those that must all be true. */
function firstOf<T>(list: readonly T[], decisive: boolean, judge: (each: T) => Verdict): Verdict {
  let verdict: Verdict = !decisive;
  for (const each of list) {
    const one = judge(each);
    if (one === decisive) return decisive;
    if (one === 'unjudged' || (one === 'unknown' && verdict !== 'unjudged')) verdict = one;
  }
  return verdict;
}

/** A visitor's address is in no set of addresses, and a visit is no attack. */
function meets(statement: Statement, visit: Visit): Verdict {
  const { AndStatement: and, OrStatement: or, NotStatement: not } = statement;
  const { IPSetReferenceStatement, AsnMatchStatement, SqliMatchStatement, XssMatchStatement } = statement;
  if (and) return firstOf(and.Statements ?? [], false, (each) => meets(each, visit));
  if (or) return firstOf(or.Statements ?? [], true, (each) => meets(each, visit));
  if (not) {
    const verdict = meets(not.Statement ?? {}, visit);
    return typeof verdict === 'boolean' ? !verdict : verdict;
  }
  if (statement.ByteMatchStatement || statement.RegexMatchStatement || statement.SizeConstraintStatement)
    return meetsFields(statement, visit);
  return IPSetReferenceStatement || AsnMatchStatement || SqliMatchStatement || XssMatchStatement ? false : 'unknown';
}

/** Requests in five minutes: fewer of one address than a page with its pictures has, and fewer of all than one address may send. */
const FEW = { ofOne: 100, ofAll: 2000 };
const MINUTES = 300;

/** "RateBasedStatement": counted together are all whom no key tells apart. */
function meetsSoon(rate: RateBasedStatement): boolean {
  const { Limit = FEW.ofAll, EvaluationWindowSec = MINUTES, AggregateKeyType, CustomKeys, ScopeDownStatement } = rate;
  const isCounted = (visit: Visit) => !ScopeDownStatement || isOrMayBe(meets(ScopeDownStatement, visit));
  const inFiveMinutes = (Limit * MINUTES) / EvaluationWindowSec;
  const isOfAll =
    AggregateKeyType === 'CONSTANT' ||
    (AggregateKeyType === 'CUSTOM_KEYS' &&
      (CustomKeys ?? []).every(({ HTTPMethod, UriPath }) => HTTPMethod ?? UriPath));
  return isOfAll
    ? inFiveMinutes < FEW.ofAll && VISITS.some(isCounted)
    : inFiveMinutes < FEW.ofOne && PAGES.some((pages) => pages.every(isCounted));
}

const isOrMayBe = (verdict: Verdict) => verdict === true || verdict === 'unjudged';

/**
 * Whether a statement meets visitors as such: a page, the form, a browser, everybody who is in no set of addresses, or who has
 * loaded a few pages. One about an address or a query meets some; where visitors come from is the organization's choice.
 */
export function meetsVisitors(statement: Statement = {}): boolean {
  const { RateBasedStatement: rate } = statement;
  return rate ? meetsSoon(rate) : VISITS.some((visit) => isOrMayBe(meets(statement, visit)));
}
