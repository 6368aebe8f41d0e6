import { forSomebody, nameOf, type Statement } from '../policy-document';

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
  return forSomebody(policy)
    .filter(({ effect }) => effect === 'Allow')
    .flatMap((statement) => {
      if (statement.inverted) return [`${nameOf(statement)} allows all except those listed`];
      return statement.principals
        .filter((principal) => !accounts.includes(ACCOUNT.exec(principal)?.[1] ?? '') && !isBound(statement))
        .map((principal) => `statement ${nameOf(statement)} lets ${principal} in`);
    });
}
