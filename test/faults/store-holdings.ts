import {
  DescribeKeyCommand,
  GetKeyRotationStatusCommand,
  type KeyMetadata,
  KMSClient,
  paginateListAliases,
  paginateListKeys,
} from '@aws-sdk/client-kms';
import {
  paginateDescribeDBInstanceAutomatedBackups,
  paginateDescribeDBInstances,
  paginateDescribeDBParameterGroups,
  paginateDescribeDBSnapshots,
  paginateDescribeDBSubnetGroups,
  RDSClient,
} from '@aws-sdk/client-rds';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { paginateListSecrets, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { everyItem } from '../../functions/shared/paging';
import type { AwsAccess } from '../../local/platform';
import { type Holding, holding } from './holding';

/** A database, and what RDS keeps of one that is gone. */
async function databaseHoldings(client: RDSClient): Promise<Holding[]> {
  const [instances, snapshots, backups, subnetGroups, parameterGroups] = await Promise.all([
    everyItem(paginateDescribeDBInstances({ client }, {}), (page) => page.DBInstances),
    everyItem(paginateDescribeDBSnapshots({ client }, {}), (page) => page.DBSnapshots),
    everyItem(paginateDescribeDBInstanceAutomatedBackups({ client }, {}), (page) => page.DBInstanceAutomatedBackups),
    everyItem(paginateDescribeDBSubnetGroups({ client }, {}), (page) => page.DBSubnetGroups),
    everyItem(paginateDescribeDBParameterGroups({ client }, {}), (page) => page.DBParameterGroups),
  ]);
  return [
    ...instances.map((x) => holding('rds instance', x.DBInstanceIdentifier)),
    ...snapshots.map((x) => holding('rds snapshot', x.DBSnapshotIdentifier, [], x.DBInstanceIdentifier)),
    ...backups.map((x) => holding('rds automated backup', x.DBInstanceAutomatedBackupsArn, [], x.DBInstanceIdentifier)),
    ...subnetGroups.map((x) => holding('rds subnet group', x.DBSubnetGroupName)),
    ...parameterGroups.map((x) => holding('rds parameter group', x.DBParameterGroupName)),
  ];
}

async function keyHolding(client: KMSClient, { KeyId, Description, KeyState }: KeyMetadata): Promise<Holding> {
  const { KeyRotationEnabled } = await client.send(new GetKeyRotationStatusCommand({ KeyId }));
  return holding(`kms key ${KeyState}${KeyRotationEnabled ? ' rotating' : ''}`, KeyId, [], Description);
}

/**
 * Whose key it is, its description says even where a crash came before the alias. A key in its deletion window is no holding,
 * and is not asked about again: what is given up stays given up, since only an alias leads back to it, and the alias is one.
 *
 * @param givenUp keys in their deletion window
 */
async function keyHoldings(client: KMSClient, givenUp: Set<string>): Promise<Holding[]> {
  const [aliases, keys] = await Promise.all([
    everyItem(paginateListAliases({ client }, {}), (page) => page.Aliases),
    everyItem(paginateListKeys({ client }, { Limit: 1000 }), (page) => page.Keys),
  ]);
  const wanted = keys.flatMap(({ KeyId = '' }) => (givenUp.has(KeyId) ? [] : [KeyId]));
  const described = await Promise.all(wanted.map((KeyId) => client.send(new DescribeKeyCommand({ KeyId }))));
  const found = described.flatMap(({ KeyMetadata }) => KeyMetadata ?? []);
  const aliased = new Set(aliases.map(({ TargetKeyId }) => TargetKeyId));
  for (const { KeyId = '', KeyState } of found) {
    if (KeyState === 'PendingDeletion' && !aliased.has(KeyId)) givenUp.add(KeyId);
  }
  const living = found.filter(({ KeyState }) => KeyState !== 'PendingDeletion');
  return [
    ...aliases.map(({ AliasName }) => holding('kms alias', AliasName)),
    ...(await Promise.all(living.map((key) => keyHolding(client, key)))),
  ];
}

/** Where a tenant's data are, and what opens them. @param givenUp keys that need not be asked about again */
export async function storeHoldings(aws: AwsAccess, givenUp: Set<string>): Promise<Holding[]> {
  const [rds, kms, s3, client] = [
    new RDSClient(aws),
    new KMSClient(aws),
    new S3Client(aws),
    new SecretsManagerClient(aws),
  ];
  const [databases, keys, buckets, secrets] = await Promise.all([
    databaseHoldings(rds),
    keyHoldings(kms, givenUp),
    s3.send(new ListBucketsCommand()),
    everyItem(
      paginateListSecrets({ client }, { IncludePlannedDeletion: true, MaxResults: 100 }),
      (page) => page.SecretList,
    ),
  ]);
  for (const used of [rds, kms, s3, client]) used.destroy();
  return [
    ...databases,
    ...keys,
    ...(buckets.Buckets ?? []).map(({ Name }) => holding('s3 bucket', Name)),
    ...secrets.map(({ Name, Tags }) => holding('secret', Name, Tags)),
  ];
}
