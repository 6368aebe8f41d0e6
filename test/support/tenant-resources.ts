import { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient, DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import {
  DescribeFlowLogsCommand,
  DescribeRouteTablesCommand,
  DescribeVpcPeeringConnectionsCommand,
  DescribeVpcsCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import { IAMClient, ListRolesCommand } from '@aws-sdk/client-iam';
import {
  DescribeDBInstancesCommand,
  DescribeDBParameterGroupsCommand,
  DescribeDBSubnetGroupsCommand,
  RDSClient,
} from '@aws-sdk/client-rds';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { ListSecretsCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { TenantStacksStage } from './tenant-stacks-stage';

/** Everything that names the tenant, by kind; routes are all those of the cell's tables that lead over a peering. */
export async function tenantResources(stage: TenantStacksStage): Promise<Record<string, string[]>> {
  const config = stage.config();
  const ec2 = new EC2Client(config);
  const rds = new RDSClient(config);
  const ours = { Filters: [{ Name: 'tag:tenantId', Values: [stage.tenantId] }] };
  const naming = (names: (string | undefined)[] | undefined) =>
    (names ?? []).flatMap((name) => (name?.includes(stage.tenantId) ? [name] : [])).sort();
  const { Vpcs = [] } = await ec2.send(new DescribeVpcsCommand(ours));
  const peerings = await ec2.send(new DescribeVpcPeeringConnectionsCommand(ours));
  const tables = await ec2.send(new DescribeRouteTablesCommand({ RouteTableIds: stage.cell.routeTableIds }));
  const flowLogs = await ec2.send(new DescribeFlowLogsCommand({ Filter: ours.Filters }));
  const secrets = await new SecretsManagerClient(config).send(new ListSecretsCommand());
  const buckets = await new S3Client(config).send(new ListBucketsCommand());
  const logGroups = await new CloudWatchLogsClient(config).send(new DescribeLogGroupsCommand());
  const roles = await new IAMClient(config).send(new ListRolesCommand({ PathPrefix: '/tenants/' }));
  const alarms = await new CloudWatchClient(config).send(new DescribeAlarmsCommand());
  const databases = await rds.send(new DescribeDBInstancesCommand());
  const subnetGroups = await rds.send(new DescribeDBSubnetGroupsCommand());
  const parameterGroups = await rds.send(new DescribeDBParameterGroupsCommand());
  return {
    vpcs: Vpcs.map((vpc) => vpc.VpcId ?? ''),
    peerings: (peerings.VpcPeeringConnections ?? [])
      .filter((peering) => peering.Status?.Code !== 'deleted')
      .map((peering) => peering.VpcPeeringConnectionId ?? ''),
    routes: (tables.RouteTables ?? [])
      .flatMap((table) => table.Routes ?? [])
      .flatMap((route) => (route.VpcPeeringConnectionId ? [route.DestinationCidrBlock ?? ''] : [])),
    flowLogs: (flowLogs.FlowLogs ?? []).map((flowLog) => flowLog.FlowLogId ?? ''),
    databases: naming(databases.DBInstances?.map((database) => database.DBInstanceIdentifier)),
    subnetGroups: naming(subnetGroups.DBSubnetGroups?.map((group) => group.DBSubnetGroupName)),
    parameterGroups: naming(parameterGroups.DBParameterGroups?.map((group) => group.DBParameterGroupName)),
    secrets: naming(secrets.SecretList?.map((secret) => secret.Name)),
    buckets: naming(buckets.Buckets?.map((bucket) => bucket.Name)),
    logGroups: naming(logGroups.logGroups?.map((group) => group.logGroupName)),
    roles: naming(roles.Roles?.map((role) => role.RoleName)),
    alarms: naming(alarms.MetricAlarms?.map((alarm) => alarm.AlarmName)),
  };
}
