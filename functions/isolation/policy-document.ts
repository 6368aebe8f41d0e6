import * as z from 'zod';
import { TENANT_TAG } from '../contract/naming';

const listed = z.union([z.string(), z.array(z.string())]).transform((value) => [value].flat());
const principalList = z.union([
  z.literal('*').transform(() => ['*']),
  z
    .record(z.string(), listed)
    .transform((byKind) => Object.entries(byKind).flatMap(([kind, names]) => names.map((name) => `${kind}:${name}`))),
]);
const conditionValues = z
  .union([z.string(), z.number(), z.boolean(), z.array(z.union([z.string(), z.number(), z.boolean()]))])
  .transform((value) => [value].flat().map(String));

const StatementSchema = z.object({
  Sid: z.string().default(''),
  Effect: z.enum(['Allow', 'Deny']),
  Principal: principalList.default([]),
  NotPrincipal: z.unknown().optional(),
  Action: listed.default([]),
  NotAction: z.unknown().optional(),
  Resource: listed.default([]),
  NotResource: z.unknown().optional(),
  Condition: z.record(z.string(), z.record(z.string(), conditionValues)).default({}),
});

const DocumentSchema = z.object({
  Statement: z.union([StatementSchema, z.array(StatementSchema)]).transform((value) => [value].flat()),
});

/** In a policy: the tenant whose tag the caller's role or session bears. */
export const CALLERS_TENANT = `\${aws:PrincipalTag/${TENANT_TAG}}`;

/** One test of a statement's condition block: operator, key, values. */
export interface Condition {
  readonly operator: string;
  readonly key: string;
  readonly values: readonly string[];
}

/** A statement of any AWS policy, with everything that may be one or many turned into lists. */
export interface Statement {
  readonly sid: string;
  readonly effect: 'Allow' | 'Deny';
  /** `*`, or `AWS:arn`, `Service:name`. `AWS:*` is said as `*`. */
  readonly principals: readonly string[];
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions: readonly Condition[];
  /** It says what it is not about (NotAction, NotPrincipal, NotResource): nobody here writes such, so no check accepts it. */
  readonly inverted: boolean;
}

/**
 * @param text the JSON of a policy; IAM hands it out URL-encoded
 * @throws z.ZodError, SyntaxError when it is none
 */
export function parsePolicy(text: string): Statement[] {
  const json = text.startsWith('%7B') ? decodeURIComponent(text) : text;
  return DocumentSchema.parse(JSON.parse(json)).Statement.map((statement) => ({
    sid: statement.Sid,
    effect: statement.Effect,
    principals: statement.Principal.map((principal) => (principal === 'AWS:*' ? '*' : principal)),
    actions: statement.Action,
    resources: statement.Resource,
    conditions: Object.entries(statement.Condition).flatMap(([operator, tests]) =>
      Object.entries(tests).map(([key, values]) => ({ operator, key, values })),
    ),
    inverted:
      statement.NotAction !== undefined || statement.NotPrincipal !== undefined || statement.NotResource !== undefined,
  }));
}

/** What evidence calls a statement. */
export const nameOf = ({ sid, effect, actions }: Statement) => `${effect} ${sid || actions.join(',')}`;

/** Whom a statement is about, and what it lets them do or keeps them from, for evidence. */
export const whoOf = ({ principals }: Statement) =>
  principals.length > 0 ? principals.join(', ') : 'everybody but some';
export const whatOf = ({ actions }: Statement) => (actions.length > 0 ? actions.join(', ') : 'everything but some');

const escaped = (text: string) => text.replace(/[.+^${}()|[\]\\]/g, '\\$&');

/** Whether a pattern of IAM (`*`, `?`; letter case does not matter for actions) covers a name. */
export function covers(pattern: string, name: string): boolean {
  return new RegExp(`^${escaped(pattern).replaceAll('*', '.*').replaceAll('?', '.')}$`, 'i').test(name);
}

/** Whether a statement allows or denies an action. */
export const speaksOf = ({ actions }: Statement, action: string) => actions.some((pattern) => covers(pattern, action));

/** Whether a condition is exactly this one: one of the operators, this key (in any letter case), these values in any order. */
export function isCondition(
  condition: Condition,
  operators: readonly string[],
  key: string,
  values: readonly string[],
): boolean {
  return (
    operators.includes(condition.operator) &&
    condition.key.toLowerCase() === key.toLowerCase() &&
    condition.values.length === values.length &&
    values.every((value) => condition.values.includes(value))
  );
}
