import { TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import { tenantIdOf } from '../contract/naming';
import { itemKeys, type TenantRecord } from '../contract/records';
import { readableSignupId } from '../contract/signup';
import { ReleaseReservationInput, ReleaseReservationOutput } from '../contract/steps';
import type { Slot } from '../contract/tenant';
import { type Action, actionHandler } from '../shared/action-handler';
import { guardUndo, isConditionFailure } from '../tenants/ownership';
import { type TenantsTable, tenantsTable } from '../tenants/tenants-table';

export interface ReleaseReservationDeps {
  readonly table: TenantsTable;
  readonly now: () => Date;
}

async function giveBack(table: TenantsTable, record: TenantRecord, slot: Slot, now: string): Promise<void> {
  const { tenantId, executionArn, subdomain } = record;
  const TableName = table.name;
  const ofTenant = {
    ConditionExpression: 'attribute_not_exists(pk) OR tenantId = :tenant',
    ExpressionAttributeValues: { ':tenant': tenantId },
  };
  await table.client.send(
    new TransactWriteCommand({
      TransactItems: [
        {
          Update: {
            TableName,
            Key: itemKeys.tenant(tenantId),
            UpdateExpression: 'SET updatedAt = :now REMOVE slot',
            ConditionExpression:
              'executionArn = :execution AND slot.#number = :number AND attribute_not_exists(activatedAt)',
            ExpressionAttributeNames: { '#number': 'number' },
            ExpressionAttributeValues: { ':execution': executionArn, ':number': slot.number, ':now': now },
          },
        },
        { Delete: { TableName, Key: itemKeys.subdomain(subdomain), ...ofTenant } },
        { Put: { TableName, Item: { ...itemKeys.lastOf(subdomain), subdomain, tenantId } } },
        { Delete: { TableName, Key: itemKeys.takenSlot(slot.cell, slot.number), ...ofTenant } },
        { Put: { TableName, Item: { ...itemKeys.freeSlot(slot.cell, slot.number), number: slot.number } } },
      ],
    }),
  );
}

/**
 * Gives the slot and the subdomain back: the undo of ReserveTenant.
 *
 * Works from the execution's input alone, since the reservation may have been made and its answer lost. The tenant's
 * record stays, for the failure to be read, and so does the claim on the signup id: it names the failed execution, which
 * a redrive resumes and a newer execution may take over.
 *
 * 1. Refuse a tenant that has been ACTIVE, or belongs to another execution.
 * 2. Nothing reserved, or given back already: done.
 * 3. Resources that an earlier run has left stand in the slot: it is kept, and so are they. No undo has run before this one
 *    when the reservation itself failed, of a run that resumed a held or taken-over tenant; a redrive goes on with them.
 * 4. Slot, subdomain and record in one transaction.
 *
 * Throws `TenantIsActive`, `ClaimLost`.
 */
export const releaseReservation: Action<
  typeof ReleaseReservationInput,
  typeof ReleaseReservationOutput,
  ReleaseReservationDeps
> = {
  name: 'ReleaseReservation',
  input: ReleaseReservationInput,
  output: ReleaseReservationOutput,
  run: async ({ table, now }, { executionArn, input }) => {
    const signupId = readableSignupId(input);
    const record = signupId ? await guardUndo(table, tenantIdOf(signupId), executionArn) : undefined;
    if (!record?.slot) return { released: false, kept: false };
    if (record.keyRequestedAt) return { released: false, kept: true };
    try {
      await giveBack(table, record, record.slot, now().toISOString());
      return { released: true, kept: false };
    } catch (thrown) {
      if (!isConditionFailure(thrown)) throw thrown;
      const changed = await guardUndo(table, record.tenantId, executionArn);
      if (changed?.slot) throw thrown;
      return { released: false, kept: false };
    }
  },
};

export const handler = actionHandler(releaseReservation, { table: tenantsTable(), now: () => new Date() });
