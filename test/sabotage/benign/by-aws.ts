import { DeleteAlarmsCommand, PutMetricAlarmCommand } from '@aws-sdk/client-cloudwatch';
import {
  AuthorizeSecurityGroupEgressCommand,
  AuthorizeSecurityGroupIngressCommand,
  DescribeSecurityGroupsCommand,
  RevokeSecurityGroupEgressCommand,
  RevokeSecurityGroupIngressCommand,
} from '@aws-sdk/client-ec2';
import {
  CreateUserCommand,
  DeleteUserCommand,
  DeleteUserPolicyCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import type { DBInstance } from '@aws-sdk/client-rds';
import { vpcOf } from '../../../functions/isolation/subject';
import { type Change, databaseOf, instanceOf, modified } from '../database-changes';
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
      const Filters = [
        { Name: 'vpc-id', Values: [vpcOf(subject)] },
        { Name: 'group-name', Values: ['default'] },
      ];
      const { SecurityGroups } = await ec2.send(new DescribeSecurityGroupsCommand({ Filters }));
      const [{ GroupId, IpPermissions = [], IpPermissionsEgress = [] } = {}] = SecurityGroups ?? [];
      const inward = { GroupId, IpPermissions };
      const outward = { GroupId, IpPermissions: IpPermissionsEgress };
      if (IpPermissions.length > 0) await ec2.send(new RevokeSecurityGroupIngressCommand(inward));
      if (IpPermissionsEgress.length > 0) await ec2.send(new RevokeSecurityGroupEgressCommand(outward));
      return {
        revert: async () => {
          if (IpPermissions.length > 0) await ec2.send(new AuthorizeSecurityGroupIngressCommand(inward));
          if (IpPermissionsEgress.length > 0) await ec2.send(new AuthorizeSecurityGroupEgressCommand(outward));
        },
      };
    },
  },
  {
    name: 'watch the tenant’s database by an alarm of another team',
    make: async ({ subject, root: { cloudwatch } }) => {
      const AlarmName = 'another-team-watches';
      await cloudwatch.send(
        new PutMetricAlarmCommand({
          ...{ AlarmName, Namespace: 'AWS/RDS', MetricName: 'ReadIOPS', Statistic: 'Average', Period: 60 },
          ...{ EvaluationPeriods: 1, Threshold: 1000, ComparisonOperator: 'GreaterThanThreshold' },
          Dimensions: [{ Name: 'DBInstanceIdentifier', Value: databaseOf(subject).InstanceId }],
        }),
      );
      return { revert: () => cloudwatch.send(new DeleteAlarmsCommand({ AlarmNames: [AlarmName] })) };
    },
  },
  {
    name: 'let an auditor look at the tenant’s key',
    make: async ({ subject, root: { iam } }) => {
      const policy = { UserName: 'auditor-of-keys', PolicyName: 'own' };
      await iam.send(new CreateUserCommand({ UserName: policy.UserName }));
      const Action = ['kms:DescribeKey', 'kms:GetKeyPolicy', 'kms:ListGrants'];
      const Statement = [{ Effect: 'Allow', Action, Resource: subject.key.keyArn }];
      const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
      await iam.send(new PutUserPolicyCommand({ ...policy, PolicyDocument }));
      return {
        revert: async () => {
          await iam.send(new DeleteUserPolicyCommand(policy));
          await iam.send(new DeleteUserCommand({ UserName: policy.UserName }));
        },
      };
    },
  },
];
