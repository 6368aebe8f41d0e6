import { GetCommand, TransactWriteCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { PlatformError } from '../contract/errors';
import type { MigrationFailure } from '../contract/migration';
import { type MigrationClaim, MigrationClaimSchema } from '../contract/migration';
import { itemKeys, ReleaseClaimSchema } from '../contract/records';
import { parseAt } from '../shared/parse-at';
import { isConditionFailure } from '../tenants/condition-failure';
import type { TenantsTable } from '../tenants/tenants-table';

/** @returns the cell's migration under way, or the last one; undefined when there never was one */
export async function readMigration({ name, client }: TenantsTable, cell: string): Promise<MigrationClaim | undefined> {
  const { Item } = await client.send(
    new GetCommand({ TableName: name, Key: itemKeys.migration(cell), ConsistentRead: true }),
  );
  return Item && claimIn(cell, Item);
}

const claimIn = (cell: string, item: unknown) => parseAt(`migration of cell ${cell}`, MigrationClaimSchema, item);

/** The last removing migration that a new tenant of the cell may get. @param item the cell's claim, if there is one */
export const contractedIn = (cell: string, item: unknown): string | undefined =>
  item === undefined ? undefined : claimIn(cell, item).contracted;

const migrationLost = (executionArn: string, cell: string) =>
  new PlatformError('ClaimLost', `execution ${executionArn} no longer has the tenants of cell ${cell}`);

/** @throws PlatformError `ClaimLost` when another execution has the tenants of the cell, or this one has ended */
export async function ownMigration(table: TenantsTable, cell: string, executionArn: string): Promise<MigrationClaim> {
  const claim = await readMigration(table, cell);
  if (claim?.executionArn === executionArn && !claim.endedAt) return claim;
  throw migrationLost(executionArn, cell);
}

/** Why the cell could not be claimed. */
async function refusal(table: TenantsTable, cell: string, executionArn: string): Promise<PlatformError> {
  const other = await readMigration(table, cell);
  if (other && !other.endedAt && !other.unfinished && other.executionArn !== executionArn)
    return new PlatformError(
      'MigrationUnderWay',
      `a migration has the tenants of cell ${cell} since ${other.startedAt}: ${other.executionArn}`,
    );
  const { Item } = await table.client.send(
    new GetCommand({ TableName: table.name, Key: itemKeys.release(cell), ConsistentRead: true }),
  );
  const release = ReleaseClaimSchema.safeParse(Item).data;
  return release && !release.endedAt
    ? new PlatformError('ReleaseUnderWay', `release ${release.releaseId} has cell ${cell}: contract when it has ended`)
    : new PlatformError('TransientConflict', `the claims of cell ${cell} changed meanwhile`);
}

/**
 * Claims the tenants of a cell for a migration. A claim that the execution had before is begun anew.
 * Nothing is removed while a release may bring tenants back to the version that needs it.
 *
 * @throws PlatformError `MigrationUnderWay`, `ReleaseUnderWay`, `TransientConflict`
 */
export async function openMigration(
  table: TenantsTable,
  claim: Pick<MigrationClaim, 'cell' | 'executionArn' | 'phase' | 'target' | 'startedAt' | 'contracted'>,
): Promise<void> {
  const set = Object.entries(claim).filter(([, value]) => value !== undefined);
  const unlessReleasing = {
    ConditionCheck: {
      TableName: table.name,
      Key: itemKeys.release(claim.cell),
      ConditionExpression: 'attribute_not_exists(pk) OR attribute_exists(endedAt)',
    },
  };
  const TransactItems = [
    {
      Update: {
        TableName: table.name,
        Key: itemKeys.migration(claim.cell),
        UpdateExpression: `SET ${set.map(([name]) => `#${name} = :${name}`).join(', ')} REMOVE failure, unfinished, endedAt, outcome, counts`,
        ConditionExpression:
          'attribute_not_exists(pk) OR attribute_exists(endedAt) OR attribute_exists(unfinished) OR #executionArn = :executionArn',
        ExpressionAttributeNames: Object.fromEntries(set.map(([name]) => [`#${name}`, name])),
        ExpressionAttributeValues: Object.fromEntries(set.map(([name, value]) => [`:${name}`, value])),
      },
    },
    ...(claim.phase === 'contract' ? [unlessReleasing] : []),
  ];
  try {
    await table.client.send(new TransactWriteCommand({ TransactItems }));
  } catch (thrown) {
    throw isConditionFailure(thrown) ? await refusal(table, claim.cell, claim.executionArn) : thrown;
  }
}

interface Owned {
  readonly cell: string;
  readonly executionArn: string;
}

/** Writes one member of the execution's claim, the first value for good where it is kept. @throws PlatformError `ClaimLost` */
async function write(
  table: TenantsTable,
  { cell, executionArn }: Owned,
  set: Partial<MigrationClaim>,
  keep = false,
): Promise<void> {
  const names = Object.keys(set);
  const assigned = (name: string) => (keep ? `if_not_exists(#${name}, :${name})` : `:${name}`);
  try {
    await table.client.send(
      new UpdateCommand({
        TableName: table.name,
        Key: itemKeys.migration(cell),
        UpdateExpression: `SET ${names.map((name) => `#${name} = ${assigned(name)}`).join(', ')}`,
        ConditionExpression: 'executionArn = :execution AND attribute_not_exists(endedAt)',
        ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
        ExpressionAttributeValues: {
          ':execution': executionArn,
          ...Object.fromEntries(Object.entries(set).map(([name, value]) => [`:${name}`, value])),
        },
      }),
    );
  } catch (thrown) {
    throw isConditionFailure(thrown) ? migrationLost(executionArn, cell) : thrown;
  }
}

/** The first failure stays: from now on no further tenant is begun. */
export const stopMigration = (table: TenantsTable, owned: Owned, failure: MigrationFailure) =>
  write(table, owned, { failure }, true);

/** The run ended outside its failure path. */
export const noteUnfinished = (table: TenantsTable, owned: Owned, unfinished: MigrationFailure) =>
  write(table, owned, { unfinished });

/** Ends the claim: the cell's tenants are free for the next migration. */
export const endMigration = (
  table: TenantsTable,
  owned: Owned,
  end: Required<Pick<MigrationClaim, 'endedAt' | 'outcome' | 'counts'>> & Pick<MigrationClaim, 'failure'>,
) => write(table, owned, Object.fromEntries(Object.entries(end).filter(([, value]) => value !== undefined)));
