import { nameOf, type Statement } from '../policy-document';

const sorted = (values: readonly string[]) => [...new Set(values)].sort();

/**
 * A statement as text, with everything that IAM evaluates. The order of statements and of members of
 * a list changes nothing, and neither does the name of a statement or the letter case of an action.
 */
const meaningOf = ({ effect, principals, actions, resources, conditions, inverted }: Statement) =>
  JSON.stringify([
    ...[effect, inverted, sorted(principals), sorted(actions.map((action) => action.toLowerCase()))],
    ...[
      sorted(resources),
      sorted(conditions.map(({ operator, key, values }) => `${operator} ${key} ${sorted(values)}`)),
    ],
  ]);

const described = (statement: Statement) => {
  const { principals, resources } = statement;
  const who = principals.length > 0 ? ` for ${principals.join(', ')}` : '';
  const on = resources.length > 0 ? ` on ${resources.join(', ')}` : '';
  return `${nameOf(statement)}${who}${on}`;
};

/** A violation for each statement that is there and should not be, and for each that is missing. */
export function differences(what: string, actual: readonly Statement[], expected: readonly Statement[]): string[] {
  const [has, should] = [actual, expected].map((statements) => new Set(statements.map(meaningOf)));
  return [
    ...actual
      .filter((each) => !should?.has(meaningOf(each)))
      .map((each) => `${what} has the statement ${described(each)}`),
    ...expected
      .filter((each) => !has?.has(meaningOf(each)))
      .map((each) => `${what} lacks the statement ${described(each)}`),
  ];
}

const ACCOUNT = /^AWS:(?:arn:aws:iam::)?(\d{12})(?::|$)/;

/**
 * Principals of Allow statements that are of no account on the list. An AWS service must be bound to
 * this account; a principal `*` to this account or organization by its conditions.
 */
export function strangersIn(policy: readonly Statement[], accounts: readonly string[]): string[] {
  const isBound = ({ conditions }: Statement) =>
    conditions.some(
      ({ operator, key, values }) =>
        /^(?:StringEquals|StringLike|ArnLike|ArnEquals)$/.test(operator) &&
        /^aws:(?:SourceAccount|SourceOwner|PrincipalAccount|SourceArn)$/i.test(key) &&
        values.length > 0 &&
        values.every((value) =>
          accounts.some(
            (account) => value === account || value.includes(`:${account}:`) || /^arn:aws:s3:::tenant-/.test(value),
          ),
        ),
    );
  return policy
    .filter(({ effect }) => effect === 'Allow')
    .flatMap((statement) => {
      if (statement.inverted) return [`${nameOf(statement)} allows all except those listed`];
      return statement.principals
        .filter((principal) => !accounts.includes(ACCOUNT.exec(principal)?.[1] ?? '') && !isBound(statement))
        .map((principal) => `statement ${nameOf(statement)} lets ${principal} in`);
    });
}
