import type { DBInstance } from '@aws-sdk/client-rds';
import { vpcOf } from '../../../functions/isolation/subject';
import { type Change, databaseOf, instanceOf, modified } from '../database-changes';
import { aUser } from '../identity-changes';
import { emptyDefaultGroup, refuseAdministration, refused } from '../network-changes';
import { anAlarm } from './an-alarm';
import type { BenignChange } from './benign-change';

/** What RDS does with an instance by itself, or an operator with its size and times. */
const ofDatabase = (
  name: string,
  change: (instance: DBInstance) => Change,
  back: (instance: DBInstance) => Change,
): BenignChange => ({
  name,
  make: async (scene) => {
    const { InstanceId } = databaseOf(scene.subject);
    const before = await instanceOf(scene, InstanceId);
    await modified(scene, InstanceId, change(before));
    return { revert: () => modified(scene, InstanceId, back(before)) };
  },
});

/** What AWS's services do by themselves in a window, and what people do who follow their advice. */
export const CHANGES_BY_AWS: readonly BenignChange[] = [
  ofDatabase(
    'give the server of the database the next certificate',
    () => ({ CACertificateIdentifier: 'rds-ca-ecc384-g1' }),
    ({ CACertificateIdentifier }) => ({ CACertificateIdentifier }),
  ),
  ofDatabase(
    'move the windows of backups and maintenance',
    () => ({ PreferredBackupWindow: '01:00-01:30', PreferredMaintenanceWindow: 'sun:03:00-sun:04:00' }),
    ({ PreferredBackupWindow, PreferredMaintenanceWindow }) => ({ PreferredBackupWindow, PreferredMaintenanceWindow }),
  ),
  ofDatabase(
    'let the storage of the database grow further than the plan says',
    ({ MaxAllocatedStorage = 0 }) => ({ MaxAllocatedStorage: MaxAllocatedStorage + 100 }),
    ({ MaxAllocatedStorage }) => ({ MaxAllocatedStorage }),
  ),
  {
    name: 'empty the default security group of the tenant’s VPC, as a benchmark asks',
    make: async ({ subject, root: { ec2 } }) => {
      return { revert: await emptyDefaultGroup(ec2, vpcOf(subject)) };
    },
  },
  {
    name: 'refuse remote administration at the tenant’s network ACL, as a benchmark asks',
    make: async ({ subject, root: { ec2 } }) => ({ revert: await refuseAdministration(ec2, vpcOf(subject)) }),
  },
  {
    name: 'refuse an attacker’s addresses at the tenant’s network ACL',
    make: async ({ subject, root: { ec2 } }) => {
      const rule = { RuleNumber: 10, Egress: false, Protocol: '-1', CidrBlock: '198.51.100.0/24' };
      return { revert: await refused(ec2, vpcOf(subject), rule) };
    },
  },
  {
    name: 'watch the tenant’s database by an alarm of another team',
    make: async ({ subject, root: { cloudwatch } }) => {
      const ofDatabase = {
        Namespace: 'AWS/RDS',
        MetricName: 'ReadIOPS',
        Statistic: 'Average',
        Threshold: 1000,
      } as const;
      const Dimensions = [{ Name: 'DBInstanceIdentifier', Value: databaseOf(subject).InstanceId }];
      return { revert: await anAlarm(cloudwatch, 'another-team-watches', { ...ofDatabase, Dimensions }) };
    },
  },
  {
    name: 'let an auditor look at the tenant’s key',
    make: async ({ subject, root: { iam } }) => {
      const Action = ['kms:DescribeKey', 'kms:GetKeyPolicy', 'kms:ListGrants'];
      return { revert: await aUser({ iam }, 'auditor-of-keys', { Action, Resource: subject.key.keyArn }) };
    },
  },
];
