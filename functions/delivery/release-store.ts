import { GetCommand, TransactWriteCommand, type TransactWriteCommandInput, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { liveColourNotFound, readLiveColour } from '../compute/table-live-colour';
import type { Colour } from '../contract/cell';
import { PlatformError } from '../contract/errors';
import { MigrationClaimSchema } from '../contract/migration';
import { itemKeys, type LiveColour, type ReleaseClaim, ReleaseClaimSchema } from '../contract/records';
import type { Release } from '../contract/release';
import { parseAt } from '../shared/parse-at';
import { unless } from '../shared/unless';
import { changedNow } from '../tenants/changes';
import { isConditionFailure } from '../tenants/condition-failure';
import type { TenantsTable } from '../tenants/tenants-table';

/** A release, and the execution that must have the cell. */
export interface OwnedRelease {
  readonly release: Release;
  readonly executionArn: string;
}

/** @returns the cell's release under way, or the last one; undefined when there never was one */
export async function readClaim({ name, client }: TenantsTable, cell: string): Promise<ReleaseClaim | undefined> {
  const { Item } = await client.send(
    new GetCommand({ TableName: name, Key: itemKeys.release(cell), ConsistentRead: true }),
  );
  return Item && parseAt(`release of cell ${cell}`, ReleaseClaimSchema, Item);
}

/** @throws PlatformError `ConfigurationInvalid` when the cell has no live colour */
export async function requireLiveColour(table: TenantsTable, cell: string): Promise<LiveColour> {
  const live = await readLiveColour(table, cell);
  if (live) return live;
  throw liveColourNotFound(cell);
}

const releaseLost = (executionArn: string, cell: string) =>
  new PlatformError('ClaimLost', `execution ${executionArn} no longer has cell ${cell}: its release has ended`);

/** @returns undefined when another release has the cell, or this one has ended */
export async function findOwnClaim(
  table: TenantsTable,
  { release, executionArn }: OwnedRelease,
): Promise<ReleaseClaim | undefined> {
  const claim = await readClaim(table, release.cell.name);
  return claim?.executionArn === executionArn && !claim.endedAt ? claim : undefined;
}

/** @throws PlatformError `ClaimLost` when another release has the cell, or this one has ended */
export async function ownClaim(table: TenantsTable, owned: OwnedRelease): Promise<ReleaseClaim> {
  const claim = await findOwnClaim(table, owned);
  if (claim) return claim;
  throw releaseLost(owned.executionArn, owned.release.cell.name);
}

/** How many tenants the release has moved. */
export const tenantsMoved = ({ rings }: ReleaseClaim) => rings.reduce((sum, ring) => sum + ring.tenants, 0);

/** The execution has the cell. */
const OPEN = 'executionArn = :execution AND attribute_not_exists(endedAt)';
const LIVE = { '#colour': 'colour', '#releasing': 'releasing' };

/** @throws PlatformError `MigrationUnderWay` */
async function requireNoMigration({ name, client }: TenantsTable, cell: string): Promise<void> {
  const { Item } = await client.send(
    new GetCommand({ TableName: name, Key: itemKeys.migration(cell), ConsistentRead: true }),
  );
  const migration = MigrationClaimSchema.safeParse(Item).data;
  if (!migration || migration.endedAt || migration.unfinished) return;
  throw new PlatformError(
    'MigrationUnderWay',
    `a migration has the tenants of cell ${cell} since ${migration.startedAt}: ${migration.executionArn}`,
  );
}

const underWay = ({ cell, releaseId, startedAt, executionArn }: ReleaseClaim) =>
  new PlatformError('ReleaseUnderWay', `release ${releaseId} has cell ${cell} since ${startedAt}: ${executionArn}`);

/** @throws PlatformError `ReleaseUnderWay` when a release of another image or id has the cell, and perhaps tenants */
export async function requireNoOther(table: TenantsTable, cell: string, releaseId: string): Promise<void> {
  const claim = await readClaim(table, cell);
  if (claim && !claim.endedAt && claim.releaseId !== releaseId) throw underWay(claim);
}

/**
 * Claims the cell for a release, and lets the placements of this attempt count from now on. A claim
 * that the execution had before, ended or not, is begun anew.
 *
 * @throws PlatformError `ReleaseUnderWay` when another release has the cell; `MigrationUnderWay` while its
 * tenants are being migrated; `TransientConflict` when the live colour has changed meanwhile
 */
export async function openClaim(table: TenantsTable, owned: OwnedRelease, at: string): Promise<void> {
  const { release, executionArn } = owned;
  const { cell, from, to, digest, releaseId, slower } = release;
  const claim: ReleaseClaim = {
    ...{ cell: cell.name, releaseId, executionArn, digest, from, to, ...(slower && { slower }) },
    ...{ phase: 'ClaimRelease', intent: 'go', rings: [], startedAt: at },
  };
  const TransactItems = [
    {
      Put: {
        TableName: table.name,
        Item: { ...itemKeys.release(cell.name), ...changedNow(), ...claim },
        ConditionExpression: 'attribute_not_exists(pk) OR attribute_exists(endedAt) OR executionArn = :execution',
        ExpressionAttributeValues: { ':execution': executionArn },
      },
    },
    {
      ConditionCheck: {
        TableName: table.name,
        Key: itemKeys.migration(cell.name),
        ConditionExpression: 'attribute_not_exists(pk) OR attribute_exists(endedAt) OR attribute_exists(unfinished)',
      },
    },
    {
      Update: {
        TableName: table.name,
        Key: itemKeys.liveColour(cell.name),
        UpdateExpression: 'SET #releasing = :attempt',
        ConditionExpression: '#colour = :from',
        ExpressionAttributeNames: LIVE,
        ExpressionAttributeValues: { ':attempt': release.attempt, ':from': from },
      },
    },
  ];
  try {
    await table.client.send(new TransactWriteCommand({ TransactItems }));
  } catch (thrown) {
    if (!isConditionFailure(thrown)) throw thrown;
    const other = await readClaim(table, cell.name);
    if (!other || other.endedAt || other.executionArn === executionArn) {
      await requireNoMigration(table, cell.name);
      throw new PlatformError('TransientConflict', `the live colour of cell ${cell.name} has changed`, {
        cause: thrown,
      });
    }
    throw underWay(other);
  }
}

type Noted = Partial<
  Pick<ReleaseClaim, 'phase' | 'intent' | 'taskDefinition' | 'waiting' | 'rings' | 'failure' | 'outcome' | 'endedAt'>
>;

/**
 * Writes what the execution's claim says besides. A member that is undefined is removed.
 *
 * @throws PlatformError `ClaimLost`
 */
export async function note(table: TenantsTable, cell: string, executionArn: string, noted: Noted): Promise<void> {
  const entries = Object.entries({ ...noted, ...changedNow() });
  const set = entries.filter(([, value]) => value !== undefined);
  const removed = entries.filter(([, value]) => value === undefined);
  const UpdateExpression = [
    ...(set.length > 0 ? [`SET ${set.map(([name]) => `#${name} = :${name}`).join(', ')}`] : []),
    ...(removed.length > 0 ? [`REMOVE ${removed.map(([name]) => `#${name}`).join(', ')}`] : []),
  ].join(' ');
  try {
    await table.client.send(
      new UpdateCommand({
        TableName: table.name,
        Key: itemKeys.release(cell),
        UpdateExpression,
        ConditionExpression: OPEN,
        ExpressionAttributeNames: Object.fromEntries(entries.map(([name]) => [`#${name}`, name])),
        ExpressionAttributeValues: {
          ':execution': executionArn,
          ...Object.fromEntries(set.map(([name, value]) => [`:${name}`, value])),
        },
      }),
    );
  } catch (thrown) {
    throw isConditionFailure(thrown) ? releaseLost(executionArn, cell) : thrown;
  }
}

/** Writes the cell's item LIVE, if the attempt of the release still is the one that moves tenants. */
async function writeLive(table: TenantsTable, { release, executionArn }: OwnedRelease, live: LiveColour) {
  try {
    await table.client.send(
      new TransactWriteCommand({
        TransactItems: [
          {
            Put: {
              TableName: table.name,
              Item: { ...itemKeys.liveColour(release.cell.name), ...changedNow(), ...live },
              ConditionExpression: '#colour = :from AND #releasing = :attempt',
              ExpressionAttributeNames: LIVE,
              ExpressionAttributeValues: { ':from': release.from, ':attempt': release.attempt },
            },
          },
        ],
      }),
    );
  } catch (thrown) {
    throw isConditionFailure(thrown) ? releaseLost(executionArn, release.cell.name) : thrown;
  }
}

/**
 * Makes the new colour the live one, in one write: from now on every tenant of the cell belongs to it.
 *
 * @returns whether this call has done so, and not an earlier one
 */
export async function settle(
  table: TenantsTable,
  owned: OwnedRelease,
  at: string,
  keepUntil: string,
): Promise<boolean> {
  const { to, from, releaseId, digest, cell } = owned.release;
  const live = await requireLiveColour(table, cell.name);
  if (live.releaseId === releaseId && live.colour === to) return false;
  const former = live.digest && { formerDigest: live.digest };
  const idle = { colour: from, since: at, keepUntil, why: `former version, kept after release ${releaseId}` };
  await writeLive(table, owned, { colour: to, since: at, releaseId, digest, ...former, idle });
  return true;
}

/**
 * Ends the placements of the release, in one write: from now on every tenant belongs to the former colour.
 *
 * @returns whether this call has done so, and not an earlier one
 */
export async function withdraw(
  table: TenantsTable,
  owned: OwnedRelease,
  at: string,
  keepUntil: string,
): Promise<boolean> {
  const { to, attempt, releaseId, cell } = owned.release;
  const { releasing, ...live } = await requireLiveColour(table, cell.name);
  if (releasing !== attempt) return false;
  await writeLive(table, owned, {
    ...live,
    idle: { colour: to, since: at, keepUntil, why: `failed version of release ${releaseId}, kept for diagnosis` },
  });
  return true;
}

/** @returns false when a condition did not hold: the release has ended meanwhile, and another one may have the cell */
async function written({ client }: TenantsTable, input: TransactWriteCommandInput): Promise<boolean> {
  return (await unless(client.send(new TransactWriteCommand(input)), isConditionFailure)) !== undefined;
}

/**
 * As `withdraw`, for a release whose execution will never do it.
 *
 * @returns whether placements have ended: false when none counted, or the release has ended meanwhile
 */
export async function withdrawFor(table: TenantsTable, claim: ReleaseClaim, at: string): Promise<boolean> {
  const { cell, executionArn, from, to, releaseId } = claim;
  const { releasing, ...live } = await requireLiveColour(table, cell);
  if (!releasing) return false;
  const idle = { colour: to, since: at, keepUntil: at, why: `version of release ${releaseId}, which was stopped` };
  return await written(table, {
    TransactItems: [
      {
        ConditionCheck: {
          TableName: table.name,
          Key: itemKeys.release(cell),
          ConditionExpression: OPEN,
          ExpressionAttributeValues: { ':execution': executionArn },
        },
      },
      {
        Put: {
          TableName: table.name,
          Item: { ...itemKeys.liveColour(cell), ...changedNow(), ...live, idle },
          ConditionExpression: '#colour = :from AND #releasing = :attempt',
          ExpressionAttributeNames: LIVE,
          ExpressionAttributeValues: { ':from': from, ':attempt': releasing },
        },
      },
    ],
  });
}

/** The last rule has left the colour at this time, if it is the idle one still: a release may have filled and settled it. */
function left({ name: TableName }: TenantsTable, cell: string, colour: Colour, at: string) {
  const { changePk, changeSk } = changedNow();
  return {
    Update: {
      TableName,
      Key: itemKeys.liveColour(cell),
      UpdateExpression: 'SET idle.since = :left, changePk = :change, changeSk = :at',
      ConditionExpression: 'idle.colour = :colour',
      ExpressionAttributeValues: { ':colour': colour, ':left': at, ':change': changePk, ':at': changeSk },
    },
  };
}

/**
 * Ends the claim of a release whose execution will never do it, and frees the cell. The next release fills the colour that is
 * idle: it counts from this moment on as left.
 *
 * @returns false when the release has ended meanwhile
 */
export async function endClaimFor(
  table: TenantsTable,
  { cell, executionArn }: ReleaseClaim,
  outcome: NonNullable<ReleaseClaim['outcome']>,
  at: string,
): Promise<boolean> {
  const live = await requireLiveColour(table, cell);
  const { changePk, changeSk } = changedNow();
  const ended = {
    Update: {
      TableName: table.name,
      Key: itemKeys.release(cell),
      UpdateExpression: 'SET endedAt = :ended, outcome = :outcome, changePk = :change, changeSk = :at REMOVE waiting',
      ConditionExpression: OPEN,
      ExpressionAttributeValues: {
        ':execution': executionArn,
        ':ended': at,
        ':outcome': outcome,
        ':change': changePk,
        ':at': changeSk,
      },
    },
  };
  return await written(table, {
    TransactItems: live.idle ? [ended, left(table, cell, live.idle.colour, at)] : [ended],
  });
}

/**
 * Rules have left the colour only now: no release fills it before load balancers know, also one that has claimed the cell
 * meanwhile. Nothing, when the colour is not idle.
 */
export async function noteLeft(table: TenantsTable, cell: string, colour: Colour, at: Date): Promise<void> {
  await written(table, { TransactItems: [left(table, cell, colour, at.toISOString())] });
}

/** The idle colour has no tasks any more. @throws ConditionalCheckFailedException when a release has begun, or kept it longer */
export async function forgetIdle({ name, client }: TenantsTable, cell: string, keepUntil: string): Promise<void> {
  const { changePk, changeSk } = changedNow();
  await client.send(
    new UpdateCommand({
      TableName: name,
      Key: itemKeys.liveColour(cell),
      UpdateExpression: 'SET changePk = :change, changeSk = :at REMOVE idle',
      ConditionExpression: 'idle.keepUntil = :until AND attribute_not_exists(releasing)',
      ExpressionAttributeValues: { ':until': keepUntil, ':change': changePk, ':at': changeSk },
    }),
  );
}
