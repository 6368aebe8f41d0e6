import { randomUUID } from 'node:crypto';
import {
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  DeleteSecurityGroupCommand,
  type IpPermission,
  RevokeSecurityGroupIngressCommand,
} from '@aws-sdk/client-ec2';
import {
  CreateDBSnapshotCommand,
  type DBInstance,
  DeleteDBSnapshotCommand,
  DescribeDBInstancesCommand,
  ModifyDBInstanceCommand,
  type ModifyDBInstanceCommandInput,
  ModifyDBParameterGroupCommand,
  ModifyDBSnapshotAttributeCommand,
} from '@aws-sdk/client-rds';
import { type Subject, vpcOf } from '../../functions/isolation/subject';
import { type AttackTechnique, type Revert, type Scene, STRANGER } from './technique';

export const databaseOf = ({ stacks }: Subject) => stacks.database.outputs;
export const groupOf = ({ stacks }: Subject) => stacks.network.outputs.DatabaseSecurityGroupId;

export type Change = Omit<ModifyDBInstanceCommandInput, 'DBInstanceIdentifier'>;

export const modified = ({ root: { rds } }: Scene, DBInstanceIdentifier: string | undefined, change: Change) =>
  rds.send(new ModifyDBInstanceCommand({ DBInstanceIdentifier, ApplyImmediately: true, ...change }));

export async function instanceOf({ root: { rds } }: Scene, DBInstanceIdentifier: string): Promise<DBInstance> {
  const { DBInstances } = await rds.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier }));
  return DBInstances?.[0] ?? {};
}

/** Changes settings of the instance, and changes them back. */
export const changing = (
  name: string,
  check: string,
  change: (subject: Subject) => Change,
  back: (subject: Subject) => Change,
  expectedEvidence: (subject: Subject) => string,
): AttackTechnique => ({
  name,
  check,
  detonate: async (scene) => {
    const { InstanceId } = databaseOf(scene.subject);
    await modified(scene, InstanceId, change(scene.subject));
    return {
      expectedEvidence: expectedEvidence(scene.subject),
      revert: () => modified(scene, InstanceId, back(scene.subject)),
    };
  },
});

/** The same of the read replica. */
export const changingReplica = (
  name: string,
  change: Change,
  back: Change,
  expectedEvidence: string,
): AttackTechnique => ({
  name,
  check: 'database.replica',
  detonate: async (scene) => {
    const { ReplicaId } = databaseOf(scene.subject);
    await modified(scene, ReplicaId, change);
    return { expectedEvidence: `${expectedEvidence} ${ReplicaId}`, revert: () => modified(scene, ReplicaId, back) };
  },
});

/** RDS no longer insists on TLS. */
export const withoutTls = (name: string, check: string, expectedEvidence: string): AttackTechnique => ({
  name,
  check,
  detonate: async ({ subject, root: { rds } }) => {
    const forced = (ParameterValue: '0' | '1') =>
      rds.send(
        new ModifyDBParameterGroupCommand({
          DBParameterGroupName: databaseOf(subject).ParameterGroupName,
          Parameters: [{ ParameterName: 'rds.force_ssl', ParameterValue, ApplyMethod: 'immediate' }],
        }),
      );
    await forced('0');
    return { expectedEvidence, revert: () => forced('1') };
  },
});

/** Another permission in the database's security group. */
export const admitting = (
  name: string,
  permission: (subject: Subject) => IpPermission,
  expectedEvidence: string,
): AttackTechnique => ({
  name,
  check: 'database.door',
  detonate: async ({ subject, root: { ec2 } }) => {
    const rule = { GroupId: groupOf(subject), IpPermissions: [permission(subject)] };
    await ec2.send(new AuthorizeSecurityGroupIngressCommand(rule));
    return { expectedEvidence, revert: () => ec2.send(new RevokeSecurityGroupIngressCommand(rule)) };
  },
});

/** A security group of the tenant's VPC that is not the database's. */
export async function anotherGroup({ subject, root: { ec2 } }: Scene) {
  const GroupName = `wide-open-${randomUUID()}`;
  const { GroupId = '' } = await ec2.send(
    new CreateSecurityGroupCommand({ GroupName, Description: 'wide open', VpcId: vpcOf(subject) }),
  );
  const remove: Revert = () => ec2.send(new DeleteSecurityGroupCommand({ GroupId }));
  return { GroupId, remove };
}

export async function sharedSnapshot(
  { subject, root: { rds } }: Scene,
  id: string,
  from: string | undefined,
): Promise<Revert> {
  const snapshot = { DBSnapshotIdentifier: id };
  await rds.send(
    new CreateDBSnapshotCommand({ ...snapshot, DBInstanceIdentifier: from ?? databaseOf(subject).InstanceId }),
  );
  await rds.send(
    new ModifyDBSnapshotAttributeCommand({ ...snapshot, AttributeName: 'restore', ValuesToAdd: [STRANGER] }),
  );
  return () => rds.send(new DeleteDBSnapshotCommand(snapshot));
}
