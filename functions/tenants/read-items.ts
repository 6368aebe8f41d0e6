import { BatchGetCommand } from '@aws-sdk/lib-dynamodb';
import { PlatformError } from '../contract/errors';
import { repeated } from '../shared/repeated';
import type { TenantsTable } from './tenants-table';

export interface ItemKey {
  readonly pk: string;
  readonly sk: string;
}

/** What limits a read to some attributes. Names may be reserved words: "Reserved words in DynamoDB". */
export function projectionOf(attributes: readonly string[]) {
  const names = attributes.map((attribute, index) => [`#a${index}`, attribute] as const);
  return {
    ProjectionExpression: names.map(([name]) => name).join(', '),
    ExpressionAttributeNames: Object.fromEntries(names),
  };
}

/**
 * Reads items that are independent of each other in one request, strongly consistent. A table that is
 * short of capacity leaves keys unread ("BatchGetItem": UnprocessedKeys); then all are read again.
 *
 * @param keys at most 100, as AWS allows
 * @param attributes all of each item, unless it names some
 * @returns the items in the order of their keys; undefined for an item that does not exist
 * @throws PlatformError `TransientThrottling` when keys are left unread again and again
 */
export async function readItems(
  { name, client }: TenantsTable,
  keys: readonly ItemKey[],
  attributes?: readonly string[],
): Promise<(Record<string, unknown> | undefined)[]> {
  const found = await repeated(async () => {
    const only = attributes && projectionOf([...new Set(['pk', 'sk', ...attributes])]);
    const RequestItems = { [name]: { Keys: [...keys], ConsistentRead: true, ...only } };
    const { Responses, UnprocessedKeys } = await client.send(new BatchGetCommand({ RequestItems }));
    if (UnprocessedKeys?.[name]) throw new PlatformError('TransientThrottling', `table ${name} left items unread`);
    return Responses?.[name] ?? [];
  });
  return keys.map(({ pk, sk }) => found.find((item) => item.pk === pk && item.sk === sk));
}
