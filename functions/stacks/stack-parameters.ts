import type * as z from 'zod';
import { PlatformError } from '../contract/errors';
import { TENANT_ROLE_PATH, tenantNames } from '../contract/naming';
import type { LaunchStackInput } from '../contract/onboarding';
import { SIZINGS } from '../contract/plans';
import type { STACK_PARAMETERS, StackKind } from '../contract/stacks';

/** The platform's part of the parameters of tenant stacks. */
export interface StackPlatform {
  readonly accountId: string;
  readonly region: string;
  readonly boundaryArn: string;
  readonly alarmTopicArn: string;
  /** Where people read the runbook to which the alarms of databases link. */
  readonly runbookUrl: string;
  /** Functions of the control plane that assume a tenant's role, besides the cell's task role. */
  readonly trustedRoleArns: readonly string[];
  /** Zones of the stage's cells, for a cell whose descriptor is of an older release. */
  readonly availabilityZones: readonly string[];
}

type Launch = z.output<typeof LaunchStackInput>;
type ParametersOf<K extends StackKind> = Record<(typeof STACK_PARAMETERS)[K][number], string>;

/**
 * The state machine launches stacks in the order of their dependencies, so a missing output is a
 * defect of the machine.
 */
function outputsOf<K extends 'network' | 'database'>(launch: Launch, kind: K): NonNullable<Launch['outputs'][K]> {
  const outputs = launch.outputs[kind];
  if (outputs) return outputs;
  throw new PlatformError('InvalidRequest', `input of LaunchStack: outputs.${kind} is missing for ${launch.stack}`);
}

/** A subnet needs its zone by name: which zones an account is offered first is not the cell's fact. */
function zonesOf({ cell }: Launch, { availabilityZones }: StackPlatform): { ZoneA: string; ZoneB: string } {
  const [ZoneA, ZoneB] = cell.availabilityZones ?? availabilityZones;
  if (ZoneA && ZoneB) return { ZoneA, ZoneB };
  throw new PlatformError('ConfigurationInvalid', `cell ${cell.name} has fewer than two availability zones`);
}

const PARAMETERS: { readonly [K in StackKind]: (launch: Launch, platform: StackPlatform) => ParametersOf<K> } = {
  network: (launch, platform) => {
    const { tenant, cell, key } = launch;
    return {
      TenantId: tenant.tenantId,
      KeyArn: key.keyArn,
      VpcCidr: tenant.slot.cidr,
      CellVpcId: cell.vpcId,
      ...zonesOf(launch, platform),
      CellAppCidr: cell.appCidr,
      CellRouteTableIdA: cell.routeTableIds[0],
      CellRouteTableIdB: cell.routeTableIds[1],
      CellRouteTableIdC: cell.routeTableIds[2],
      BoundaryArn: platform.boundaryArn,
    };
  },
  database: (launch, { boundaryArn, alarmTopicArn, runbookUrl }) => {
    const { tenant, key } = launch;
    const network = outputsOf(launch, 'network');
    const sizing = SIZINGS[tenant.plan];
    return {
      TenantId: tenant.tenantId,
      KeyArn: key.keyArn,
      DatabaseSubnetIds: network.DatabaseSubnetIds,
      DatabaseSecurityGroupId: network.DatabaseSecurityGroupId,
      InstanceClass: sizing.instanceClass,
      AllocatedStorage: String(sizing.allocatedStorageGiB),
      MaxAllocatedStorage: String(sizing.maxAllocatedStorageGiB),
      MultiAz: String(sizing.multiAz),
      ReplicaCount: String(sizing.replicas),
      BackupRetentionDays: String(sizing.backupRetentionDays),
      AlarmTopicArn: alarmTopicArn,
      RunbookUrl: runbookUrl,
      BoundaryArn: boundaryArn,
      // None: the network stack is of an earlier release, and the database stack makes the role.
      MonitoringRoleArn: network.MonitoringRoleArn ?? 'none',
    };
  },
  storage: ({ tenant, cell, key }, { accountId, region }) => ({
    TenantId: tenant.tenantId,
    KeyArn: key.keyArn,
    BucketName: tenantNames.bucket(tenant.tenantId, accountId, region),
    AccessRoleArn: `arn:aws:iam::${accountId}:role${TENANT_ROLE_PATH}${tenantNames.role(tenant.tenantId)}`,
    AccessLogBucketName: cell.accessLogBucketName,
  }),
  access: (launch, { accountId, region, boundaryArn, trustedRoleArns }) => {
    const { tenant, cell, key } = launch;
    const database = outputsOf(launch, 'database');
    return {
      TenantId: tenant.tenantId,
      KeyArn: key.keyArn,
      BucketName: tenantNames.bucket(tenant.tenantId, accountId, region),
      SecretArn: database.SecretArn,
      DatabaseResourceId: database.ResourceId,
      // Without a replica the policy names the database twice.
      ReplicaResourceId: database.ReplicaResourceId ?? database.ResourceId,
      BoundaryArn: boundaryArn,
      ExternalId: tenant.externalId,
      TrustedRoleArns: [cell.taskRoleArn, ...trustedRoleArns].join(','),
    };
  },
};

/**
 * @returns the parameters of the stack's template, in CloudFormation's form
 * @throws PlatformError `InvalidRequest` when a stack is launched before one whose outputs it needs
 */
export function stackParameters(launch: Launch, platform: StackPlatform) {
  return Object.entries(PARAMETERS[launch.stack](launch, platform)).map(([ParameterKey, ParameterValue]) => ({
    ParameterKey,
    ParameterValue,
  }));
}
