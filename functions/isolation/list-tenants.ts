import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { ListTenantsInput, ListTenantsOutput } from '../contract/audit';
import { itemKeys, STATE_INDEX, stateKeys } from '../contract/records';
import { type Action, actionHandler } from '../shared/action-handler';
import { type TenantsTable, tenantsTable } from '../tenants/tenants-table';

/**
 * A state's output and a Map's results have 256 KiB ("Quotas" of the Step Functions guide): 500 tenants are 10 of it as ids
 * and 50 as verdicts.
 */
const PAGE_SIZE = 500;

const Items = z.array(z.object({ tenantId: z.string() }));

/**
 * One page of the ACTIVE tenants, in the order of their ids: what changes between two pages neither repeats nor hides a
 * tenant that stays ACTIVE.
 */
export const listTenants: Action<typeof ListTenantsInput, typeof ListTenantsOutput, { readonly table: TenantsTable }> =
  {
    name: 'ListTenants',
    input: ListTenantsInput,
    output: ListTenantsOutput,
    run: async ({ table }, { after }) => {
      const { statePk } = stateKeys.tenant('ACTIVE', '');
      const answer = await table.client.send(
        new QueryCommand({
          TableName: table.name,
          IndexName: STATE_INDEX,
          KeyConditionExpression: 'statePk = :active',
          ExpressionAttributeValues: { ':active': statePk },
          Limit: PAGE_SIZE,
          ...(after !== null && {
            ExclusiveStartKey: { ...itemKeys.tenant(after), ...stateKeys.tenant('ACTIVE', after) },
          }),
        }),
      );
      const tenantIds = Items.parse(answer.Items ?? []).map(({ tenantId }) => tenantId);
      return { tenantIds, next: answer.LastEvaluatedKey ? (tenantIds.at(-1) ?? null) : null };
    },
  };

export const handler = actionHandler(listTenants, { table: tenantsTable() });
