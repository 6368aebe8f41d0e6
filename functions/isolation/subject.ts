import type * as z from 'zod';
import type { Colour } from '../contract/cell';
import { TENANT_ROLE_PATH, tenantNames } from '../contract/naming';
import type { VerifyIsolationInput } from '../contract/onboarding';
import type { PlacedByOrganization } from '../contract/placed-by-organization';
import type { PublishedTemplates } from '../contract/stacks';

/** The account and the roles of the stage. A tenant is compared with them. */
export interface StageContext {
  readonly accountId: string;
  readonly region: string;
  readonly tableName: string;
  readonly stackRoleArn: string;
  readonly boundaryArn: string;
  /** Functions that a tenant's role trusts, besides the cell's task role. */
  readonly trustedRoleArns: readonly string[];
  readonly placed: PlacedByOrganization;
  /** What every tenant's stacks get besides: the topic of alarms, the runbook that alarms name, and the zones of the stage's cells. */
  readonly alarmTopicArn: string;
  readonly runbookUrl: string;
  readonly availabilityZones: readonly string[];
  /** The templates that this release has published. */
  readonly templates: PublishedTemplates;
  /** Of AWS Organizations, where the stage's configuration names it. */
  readonly organizationId?: string;
}

/** The tenant that is verified, as the platform expects to find it in AWS. */
export interface Subject extends StageContext, Omit<z.output<typeof VerifyIsolationInput>, 'executionArn'> {
  /** The live colour of its cell when the verification began. Only a tenant in service has a use for it. */
  readonly liveColour?: Colour;
  /** Whether its route is open. A closed route must answer 503. */
  readonly routed: boolean;
  /**
   * Of which revision the roles of its database are, as its record says: 0 when no release has prepared it. Absent: of
   * this release's.
   */
  readonly rolesRevision?: number;
}

const roleArnOf = ({ accountId }: StageContext, tenantId: string) =>
  `arn:aws:iam::${accountId}:role${TENANT_ROLE_PATH}${tenantNames.role(tenantId)}`;

/** ActivateTenant protects stacks and databases from deletion, after the last verification of an onboarding. */
export const isInService = ({ liveColour }: Subject) => liveColour !== undefined;
export const tenantIdOf = (subject: Subject) => subject.tenant.tenantId;
export const roleOf = (subject: Subject) => roleArnOf(subject, subject.tenant.tenantId);
export const bucketOf = (subject: Subject) => subject.stacks.storage.outputs.BucketName;
export const vpcOf = (subject: Subject) => subject.stacks.network.outputs.VpcId;
/** The log groups of the tenant's network and of its databases, as the templates make them. */
export function logGroupsOf(subject: Subject): string[] {
  const { InstanceId, ReplicaId } = subject.stacks.database.outputs;
  const instances = ReplicaId === undefined ? [InstanceId] : [InstanceId, ReplicaId];
  return [
    `/tenants/${tenantIdOf(subject)}/flow-logs`,
    ...instances.flatMap((id) => ['postgresql', 'upgrade'].map((log) => `/aws/rds/instance/${id}/${log}`)),
  ];
}
/** All users of the tenant's database and its replica, but the master user, as `rds-db:connect` names them. */
export function databaseUserArnsOf({ region, accountId, stacks, tenant: { tenantId } }: Subject): string[] {
  const { ResourceId, ReplicaResourceId = ResourceId } = stacks.database.outputs;
  const users = [tenantNames.databaseUser(tenantId), tenantNames.databaseReader(tenantId)];
  return [...new Set([ResourceId, ReplicaResourceId])].flatMap((id) =>
    users.map((user) => `arn:aws:rds-db:${region}:${accountId}:dbuser:${id}/${user}`),
  );
}
/** The database's user of the shared service, as `rds-db:connect` names it. */
export const databaseUserArnOf = ({ region, accountId, stacks, tenant }: Subject) =>
  `arn:aws:rds-db:${region}:${accountId}:dbuser:${stacks.database.outputs.ResourceId}/${tenantNames.databaseUser(tenant.tenantId)}`;
