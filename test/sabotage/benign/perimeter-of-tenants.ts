import { DescribeLogGroupsCommand, PutRetentionPolicyCommand } from '@aws-sdk/client-cloudwatch-logs';
import { DescribeVpcEndpointsCommand } from '@aws-sdk/client-ec2';
import {
  DeleteResourcePolicyCommand,
  DescribeSecretCommand,
  PutResourcePolicyCommand,
  RotateSecretCommand,
} from '@aws-sdk/client-secrets-manager';
import { bucketOf, logGroupsOf, type Subject, vpcOf } from '../../../functions/isolation/subject';
import { databaseOf } from '../database-changes';
import { roleNameOf } from '../identity-changes';
import { adding, bucketPolicy, endpointPolicy, keyPolicy, type Statement, trustPolicy } from '../policies';
import type { BenignChange } from './benign-change';

const deny = (Action: string, Resource: string | string[], Condition: Statement['Condition']): Statement => ({
  ...{ Sid: 'Perimeter', Effect: 'Deny', Principal: '*', Action, Resource },
  Condition,
});
/** "Data perimeters on AWS": whoever asks is of this account, or a service of AWS. */
const ofOthers = ({ accountId }: Subject): Statement['Condition'] => ({
  StringNotEqualsIfExists: { 'aws:PrincipalAccount': accountId },
  BoolIfExists: { 'aws:PrincipalIsAWSService': 'false' },
});

/** What an organization adds around a tenant, and an operator promises beyond the release. */
export const PERIMETER_OF_TENANTS: readonly BenignChange[] = [
  {
    name: 'deny other accounts the tenant’s bucket',
    make: async ({ subject, root }) => {
      const arn = `arn:aws:s3:::${bucketOf(subject)}`;
      const statement = deny('s3:*', [arn, `${arn}/*`], ofOthers(subject));
      return { revert: await bucketPolicy(root, bucketOf(subject), adding(statement)) };
    },
  },
  {
    name: 'deny other accounts the tenant’s key',
    make: async ({ subject, root }) => ({
      revert: await keyPolicy(root, subject.key.keyArn, adding(deny('kms:*', '*', ofOthers(subject)))),
    }),
  },
  {
    name: 'deny other accounts the tenant’s role',
    make: async ({ subject, root }) => {
      const { Resource: _, ...statement } = deny('sts:AssumeRole', '*', ofOthers(subject));
      return { revert: await trustPolicy(root, roleNameOf(subject), adding(statement)) };
    },
  },
  {
    name: 'deny other accounts the tenant’s secret',
    make: async ({ subject, root: { secrets } }) => {
      const { SecretArn: SecretId } = databaseOf(subject);
      const Statement = [deny('secretsmanager:*', '*', ofOthers(subject))];
      const ResourcePolicy = JSON.stringify({ Version: '2012-10-17', Statement });
      await secrets.send(new PutResourcePolicyCommand({ SecretId, ResourcePolicy }));
      return { revert: () => secrets.send(new DeleteResourcePolicyCommand({ SecretId })) };
    },
  },
  {
    name: 'let the endpoint of the tenant’s VPC lead to no bucket of other accounts',
    make: async ({ subject, root }) => {
      const Filters = [{ Name: 'vpc-id', Values: [vpcOf(subject)] }];
      const { VpcEndpoints } = await root.ec2.send(new DescribeVpcEndpointsCommand({ Filters }));
      const outward = { StringNotEqualsIfExists: { 'aws:ResourceAccount': subject.accountId } };
      const id = VpcEndpoints?.[0]?.VpcEndpointId ?? '';
      return { revert: await endpointPolicy(root, id, adding(deny('s3:*', '*', outward))) };
    },
  },
  {
    name: 'keep the flow logs for ten years',
    make: async ({ subject, root: { logs } }) => {
      const [logGroupName] = logGroupsOf(subject);
      const keep = (retentionInDays: number | undefined) =>
        logs.send(new PutRetentionPolicyCommand({ logGroupName, retentionInDays }));
      const { logGroups } = await logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: logGroupName }));
      await keep(3653);
      return { revert: () => keep(logGroups?.[0]?.retentionInDays) };
    },
  },
  {
    name: 'rotate the master password each Sunday night',
    make: async ({ subject, root: { secrets } }) => {
      const { SecretArn: SecretId } = databaseOf(subject);
      const { RotationLambdaARN, RotationRules: before } = await secrets.send(new DescribeSecretCommand({ SecretId }));
      const rotate = (RotationRules: typeof before) =>
        secrets.send(new RotateSecretCommand({ SecretId, RotateImmediately: false, RotationLambdaARN, RotationRules }));
      await rotate({ ScheduleExpression: 'cron(0 3 ? * SUN *)' });
      return { revert: () => rotate(before) };
    },
  },
];
