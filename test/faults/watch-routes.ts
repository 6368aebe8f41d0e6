import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { itemKeys } from '../../functions/contract/records';
import type { AwsCall } from '../../local/aws-call';
import type { Platform } from '../../local/platform';
import type { Injection } from './injection';

const VerifiedSchema = z.looseObject({ verification: z.object({ digest: z.string() }) });

/** A rule that is about to lead to the shared service, whoever makes it so. */
const opensRoute = ({ service, action, body }: AwsCall) =>
  service === 'elasticloadbalancing' &&
  ['CreateRule', 'ModifyRule'].includes(action) &&
  new URLSearchParams(body.toString()).getAll('Actions.member.1.Type').includes('forward');

/**
 * No request reaches a tenant that is not verified: the moment before a tenant's rule forwards, its record must carry a
 * verification, which RegisterTenant has removed at the beginning of the attempt.
 *
 * @returns the tenants whose route was opened without one, as long as the injection runs
 */
export function watchRoutes(injection: Injection, { aws, outputs }: Platform): ReadonlySet<string> {
  const opened = new Set<string>();
  const client = DynamoDBDocumentClient.from(new DynamoDBClient(aws));
  injection.witness(async ({ tenantId }, call) => {
    if (!opensRoute(call)) return;
    const Key = itemKeys.tenant(tenantId);
    const { Item } = await client.send(
      new GetCommand({ TableName: outputs.tenantsTableName, Key, ConsistentRead: true }),
    );
    if (!VerifiedSchema.safeParse(Item).success) opened.add(tenantId);
  });
  return opened;
}
