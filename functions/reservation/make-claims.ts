import { TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { itemKeys } from '../contract/records';
import type { Slot } from '../contract/tenant';
import type { TenantsTable } from '../tenants/tenants-table';
import { creation, transition } from '../tenants/transition';
import type { Claims, Reservation, StandingRecord } from './claims';

/**
 * The items of a claim in the order of the transaction. DynamoDB lists cancellation reasons in the
 * same order.
 */
const CLAIMED = ['signup', 'tenant', 'subdomain', 'free slot', 'taken slot'] as const;
/**
 * Why a claim was refused: another execution has changed this item, or a transaction ran at the
 * same time.
 */
export type Refusal = (typeof CLAIMED)[number] | 'race';

const CancelledSchema = z.object({ CancellationReasons: z.array(z.object({ Code: z.string().optional() })) });

/**
 * @returns undefined when the write failed for another reason than a condition or a conflict
 * ("TransactWriteItems")
 */
export function refusalOf(thrown: unknown): Refusal | undefined {
  if (!(thrown instanceof Error) || thrown.name !== 'TransactionCanceledException') return undefined;
  const cancelled = CancelledSchema.safeParse(thrown);
  if (!cancelled.success) return undefined;
  const codes = cancelled.data.CancellationReasons.map((reason) => reason.Code);
  const refused = CLAIMED.find((_, index) => codes[index] === 'ConditionalCheckFailed');
  return refused ?? (codes.includes('TransactionConflict') ? 'race' : undefined);
}

/**
 * The write that gives the signup's claim to an execution, if its holder is still the one that was
 * read.
 */
function signupClaim(TableName: string, { signupId, tenantId, executionArn }: Reservation, holder?: string) {
  return {
    Put: {
      TableName,
      Item: { ...itemKeys.signup(signupId), signupId, tenantId, executionArn },
      ...(holder === undefined
        ? { ConditionExpression: 'attribute_not_exists(pk)' }
        : { ConditionExpression: 'executionArn = :holder', ExpressionAttributeValues: { ':holder': holder } }),
    },
  };
}

const freeSlotClaim = (TableName: string, { cell, number }: Slot) => ({
  Delete: { TableName, Key: itemKeys.freeSlot(cell, number), ConditionExpression: 'attribute_exists(pk)' },
});

/**
 * Claims signup id, tenant id, subdomain and slot for a new record in one transaction.
 *
 * @param kept whether the tenant has the slot already, from a record that is gone
 */
export async function claimAll(table: TenantsTable, record: Reservation, seen: Claims, kept: boolean): Promise<void> {
  const TableName = table.name;
  const { tenantId, subdomain, slot } = record;
  await table.client.send(
    new TransactWriteCommand({
      TransactItems: [
        signupClaim(TableName, record, seen.holder),
        creation(table, 'reserve', record),
        {
          Put: {
            TableName,
            Item: { ...itemKeys.subdomain(subdomain), subdomain, tenantId },
            ConditionExpression: 'attribute_not_exists(pk) OR tenantId = :tenant',
            ExpressionAttributeValues: { ':tenant': tenantId },
          },
        },
        ...(kept ? [] : [freeSlotClaim(TableName, slot)]),
        {
          Put: {
            TableName,
            Item: { ...itemKeys.takenSlot(slot.cell, slot.number), number: slot.number, tenantId },
            ...(kept
              ? { ConditionExpression: 'tenantId = :tenant', ExpressionAttributeValues: { ':tenant': tenantId } }
              : { ConditionExpression: 'attribute_not_exists(pk)' }),
          },
        },
      ],
    }),
  );
}

/**
 * Gives a standing reservation with its resources to an execution. The execution either resumes its
 * own held tenant, or takes over from an execution that is gone.
 *
 * @param record the record with the new execution in it
 * @param seen the execution that the claim on the signup names, if there is a claim, and the one that the record names
 */
export async function takeOver(
  table: TenantsTable,
  record: StandingRecord,
  seen: { readonly holder: string | undefined; readonly owner: string; readonly now: string },
): Promise<void> {
  const { tenantId, executionArn } = record;
  const { holder, owner, now: at } = seen;
  const Update = transition(table, 'takeOver', { tenantId, owner, at, set: { executionArn } });
  const TransactItems = [signupClaim(table.name, record, holder), { Update }];
  await table.client.send(new TransactWriteCommand({ TransactItems }));
}
