import { type CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import {
  type DBInstance,
  type DBInstanceAutomatedBackup,
  DescribeDBInstanceAutomatedBackupsCommand,
  type RDSClient,
} from '@aws-sdk/client-rds';
import { PlatformError } from '../contract/errors';
import { tenantNames } from '../contract/naming';
import { everyItem, pages } from '../shared/paging';
import { settled } from '../shared/settled';

/** What RDS restores an instance from, and what it puts it into. */
export interface RestoreSource {
  readonly from:
    | { readonly SourceDBInstanceIdentifier: string | undefined }
    | { readonly SourceDBInstanceAutomatedBackupsArn: string | undefined };
  readonly subnetGroup: string | undefined;
  readonly parameterGroup: string | undefined;
  readonly securityGroups: string[];
}

/** The tenant's own instance, and what it is in. */
export const sourceOf = (own: DBInstance): RestoreSource => ({
  from: { SourceDBInstanceIdentifier: own.DBInstanceIdentifier },
  subnetGroup: own.DBSubnetGroup?.DBSubnetGroupName,
  parameterGroup: own.DBParameterGroups?.[0]?.DBParameterGroupName,
  securityGroups: own.VpcSecurityGroups?.flatMap(({ VpcSecurityGroupId: id }) => (id ? [id] : [])) ?? [],
});

async function outputsOf(cloudformation: Pick<CloudFormationClient, 'send'>, StackName: string) {
  const { Stacks: [stack] = [] } = await cloudformation.send(new DescribeStacksCommand({ StackName }));
  return new Map(stack?.Outputs?.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]));
}

const has = ({ RestoreWindow: { EarliestTime, LatestTime } = {} }: DBInstanceAutomatedBackup, to: Date) =>
  EarliestTime !== undefined && LatestTime !== undefined && EarliestTime <= to && to <= LatestTime;

const windowOf = ({ RestoreWindow: { EarliestTime, LatestTime } = {} }: DBInstanceAutomatedBackup) =>
  `${EarliestTime?.toISOString()} to ${LatestTime?.toISOString()}`;

/**
 * The automated backups that RDS has kept of an instance that is gone, and what its stacks had put it into: the stacks are
 * still there. RDS keeps backups of a deleted instance only if whoever deleted it has asked for that ("Retaining automated
 * backups", Amazon RDS User Guide).
 *
 * @param why the tenant's own instance has no backup of that time
 * @throws PlatformError `InvalidRequest` when there is none at all
 */
export async function retainedSource(
  { rds, cloudformation }: { rds: Pick<RDSClient, 'send'>; cloudformation: Pick<CloudFormationClient, 'send'> },
  { tenantId, to, why }: { readonly tenantId: string; readonly to: Date; readonly why: string },
): Promise<RestoreSource> {
  const id = tenantNames.database(tenantId);
  const ofInstance = { DBInstanceIdentifier: id, Filters: [{ Name: 'status', Values: ['retained'] }] };
  const ask = (Marker?: string) => rds.send(new DescribeDBInstanceAutomatedBackupsCommand({ ...ofInstance, Marker }));
  const backups = await everyItem(pages(ask, 'Marker'), (page) => page.DBInstanceAutomatedBackups);
  const backup = backups.find((each) => has(each, to));
  if (!backup) {
    const kept = backups.length === 0 ? 'has kept no automated backups of it' : `can restore ${backups.map(windowOf)}`;
    throw new PlatformError('InvalidRequest', `to: ${why}. RDS ${kept}`);
  }
  const [network, database] = await settled(
    (['network', 'database'] as const).map((kind) => outputsOf(cloudformation, tenantNames.stack(tenantId, kind))),
  );
  const group = network?.get('DatabaseSecurityGroupId');
  return {
    from: { SourceDBInstanceAutomatedBackupsArn: backup.DBInstanceAutomatedBackupsArn },
    subnetGroup: database?.get('SubnetGroupName'),
    parameterGroup: database?.get('ParameterGroupName'),
    securityGroups: group ? [group] : [],
  };
}
