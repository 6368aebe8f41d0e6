import * as z from 'zod';

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
  NotPrincipal: principalList.optional(),
  Action: listed.default([]),
  NotAction: listed.optional(),
  Resource: listed.default([]),
  NotResource: listed.optional(),
  Condition: z.record(z.string(), z.record(z.string(), conditionValues)).default({}),
});

const DocumentSchema = z.object({
  Statement: z.union([StatementSchema, z.array(StatementSchema)]).transform((value) => [value].flat()),
});

/** One test of a statement's condition block: operator, key, values. */
export interface Condition {
  readonly operator: string;
  readonly key: string;
  readonly values: readonly string[];
}

/** A statement of any AWS policy. Elements that may be one value or many are lists here. */
export interface Statement {
  readonly sid: string;
  readonly effect: 'Allow' | 'Deny';
  /** `*`, `AWS:arn` or `Service:name`. `AWS:*` becomes `*`. */
  readonly principals: readonly string[];
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions: readonly Condition[];
  /**
   * The statement uses NotAction, NotPrincipal or NotResource. The platform writes no such
   * statement, so no check accepts one.
   */
  readonly inverted: boolean;
  /** What NotPrincipal, NotAction and NotResource list. */
  readonly not?:
    | {
        readonly principals?: readonly string[] | undefined;
        readonly actions?: readonly string[] | undefined;
        readonly resources?: readonly string[] | undefined;
      }
    | undefined;
}

/**
 * @param text a policy as JSON, or URL-encoded as IAM returns it
 * @throws z.ZodError, SyntaxError when the text is no policy
 */
export function parsePolicy(text: string): Statement[] {
  const json = text.startsWith('%7B') ? decodeURIComponent(text) : text;
  return statementsOf(JSON.parse(json));
}

/** The same of a policy that there may not be: without one there are no statements. */
export const policyIfAny = (text: string | undefined): Statement[] => (text ? parsePolicy(text) : []);

/** @throws z.ZodError when the document is no policy */
export function statementsOf(document: unknown): Statement[] {
  return DocumentSchema.parse(document).Statement.map((statement) => ({
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
    not: { principals: statement.NotPrincipal, actions: statement.NotAction, resources: statement.NotResource },
  }));
}

/** The name of a statement in evidence. */
export const nameOf = ({ sid, effect, actions }: Statement) => `${effect} ${sid || actions.join(',')}`;

/** Principals and actions of a statement, for evidence. */
export const whoOf = ({ principals }: Statement) =>
  principals.length > 0 ? principals.join(', ') : 'all principals except those listed (NotPrincipal)';
export const whatOf = ({ actions }: Statement) =>
  actions.length > 0 ? actions.join(', ') : 'all actions except those listed (NotAction)';

/** The unique id of a role or user that was deleted: a new one of the same name has another id, and nobody has this one. */
export const isOfNobody = (principal: string) => /^AWS:A(?:ROA|IDA)[A-Z0-9]{8,}$/.test(principal);

/**
 * What a policy still allows somebody. AWS shows a principal that was deleted by its unique id, e.g. a role that was made
 * anew ("AWS JSON policy elements: Principal").
 */
export const forSomebody = (statements: readonly Statement[]): Statement[] =>
  statements.flatMap((statement) => {
    const { effect, principals, inverted } = statement;
    if (effect !== 'Allow' || inverted || !principals.some(isOfNobody)) return [statement];
    const living = principals.filter((each) => !isOfNobody(each));
    return living.length > 0 ? [{ ...statement, principals: living }] : [];
  });

const escaped = (text: string) => text.replace(/[.+^${}()|[\]\\]/g, '\\$&');

/** Whether a pattern of IAM (`*`, `?`; letter case does not matter for actions) covers a name. */
export function covers(pattern: string, name: string): boolean {
  if (!/[*?]/.test(pattern)) return pattern.toLowerCase() === name.toLowerCase();
  return new RegExp(`^${escaped(pattern).replaceAll('*', '.*').replaceAll('?', '.')}$`, 'i').test(name);
}

/** Whether a statement allows or denies an action. */
export const speaksOf = ({ actions }: Statement, action: string) => actions.some((pattern) => covers(pattern, action));

/**
 * Whether a condition is exactly this one: one of the operators, this key (in any letter case),
 * these values in any order.
 */
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
