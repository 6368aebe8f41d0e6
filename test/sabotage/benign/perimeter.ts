import { DescribeVpcEndpointsCommand } from '@aws-sdk/client-ec2';
import { DeleteRolePolicyCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { functionRoleName } from '../../../functions/contract/naming';
import {
  adding,
  bucketPolicy,
  endpointPolicy,
  keyPolicy,
  queuePolicy,
  type Statement,
  tablePolicy,
  topicPolicy,
  trustPolicy,
} from '../policies';
import type { SharedScene } from '../surroundings-target';
import type { Revert } from '../technique';
import { resourceOf } from '../techniques/platform';
import type { SharedChange } from './of-surroundings';

const deny = (Action: string, Resource: string, Condition?: Statement['Condition']): Statement => ({
  ...{ Sid: 'Perimeter', Effect: 'Deny', Principal: '*', Action, Resource },
  ...(Condition && { Condition }),
});
/** "Data perimeters on AWS": whoever asks is of this account, or a service of AWS. */
const ofOthers = ({ surroundings: { accountId } }: SharedScene): Statement['Condition'] => ({
  StringNotEqualsIfExists: { 'aws:PrincipalAccount': accountId },
  BoolIfExists: { 'aws:PrincipalIsAWSService': 'false' },
});

/** Policies of what all tenants share, each with what an organization adds to it. */
const at = (
  what: string,
  add: (scene: SharedScene, statement: (Action: string, Resource?: string) => Statement) => Promise<Revert>,
): SharedChange => ({
  name: `the organization denies other accounts ${what}`,
  make: (scene) => add(scene, (Action, Resource = '*') => deny(Action, Resource, ofOthers(scene))),
});
const keyOf = (scene: SharedScene, part: string) => resourceOf(scene, 'Foundation', 'AWS::KMS::Key', part);
const arnOfTable = ({ surroundings: { region, accountId } }: SharedScene, table: string) =>
  `arn:aws:dynamodb:${region}:${accountId}:table/${table}`;
const actsOf = async (scene: SharedScene) =>
  arnOfTable(scene, await resourceOf(scene, 'Foundation', 'AWS::DynamoDB::Table', 'Acts'));

/** What an organization or a benchmark denies in addition, which meets nothing that the platform does. */
export const PERIMETER_CHANGES: readonly SharedChange[] = [
  at('the tenants table’s key', async (scene, statement) =>
    keyPolicy(scene.root, await keyOf(scene, 'Tenants'), adding(statement('kms:*'))),
  ),
  at('the key of the reports', async (scene, statement) =>
    keyPolicy(scene.root, await keyOf(scene, 'Evidence'), adding(statement('kms:Decrypt'))),
  ),
  at('the alarm topic', (scene, statement) =>
    topicPolicy(scene.root, scene.surroundings.topicArn, adding(statement('sns:*', scene.surroundings.topicArn))),
  ),
  at('the reports', (scene, statement) => {
    const { evidenceBucketName: bucket } = scene.surroundings;
    return bucketPolicy(scene.root, bucket, adding(statement('s3:*', `arn:aws:s3:::${bucket}/*`)));
  }),
  at('the cell’s access logs', (scene, statement) => {
    const { accessLogBucketName: bucket } = scene.surroundings.cell;
    return bucketPolicy(scene.root, bucket, adding(statement('s3:*', `arn:aws:s3:::${bucket}/*`)));
  }),
  at('signups that were not delivered', async (scene, statement) => {
    const url = await resourceOf(scene, 'ControlPlane', 'AWS::SQS::Queue', 'Signup');
    return await queuePolicy(scene.root, url, adding(statement('sqs:*')));
  }),
  at('the role of the shared service', (scene, statement) => {
    const role = scene.surroundings.cell.taskRoleArn.split('/').at(-1) ?? '';
    const { Resource: _, ...trust } = statement('sts:AssumeRole');
    return trustPolicy(scene.root, role, adding(trust));
  }),
  {
    name: 'a benchmark forbids everybody to delete the table of acts',
    make: async (scene) => {
      const arn = await actsOf(scene);
      return await tablePolicy(scene.root, arn, adding(deny('dynamodb:DeleteTable', arn)));
    },
  },
  {
    name: 'a benchmark forbids everybody to delete the bucket of the reports',
    make: ({ surroundings: { evidenceBucketName }, root }) =>
      bucketPolicy(root, evidenceBucketName, adding(deny('s3:DeleteBucket', `arn:aws:s3:::${evidenceBucketName}`))),
  },
  {
    name: 'a benchmark forbids everybody to schedule the deletion of the alarms’ key',
    make: async (scene) =>
      keyPolicy(scene.root, await keyOf(scene, 'Alarms'), adding(deny('kms:ScheduleKeyDeletion', '*'))),
  },
  {
    name: 'the organization lets the cell’s endpoint lead to no bucket of other accounts but that of images',
    make: async (scene) => {
      const { cell, region, accountId } = scene.surroundings;
      const Filters = [
        { Name: 'vpc-id', Values: [cell.vpcId] },
        { Name: 'service-name', Values: [`com.amazonaws.${region}.s3`] },
      ];
      const { VpcEndpoints } = await scene.root.ec2.send(new DescribeVpcEndpointsCommand({ Filters }));
      const outward = { StringNotEqualsIfExists: { 'aws:ResourceAccount': accountId } };
      const { Resource: _, ...statement } = deny('s3:*', '*', outward);
      return await endpointPolicy(
        scene.root,
        VpcEndpoints?.[0]?.VpcEndpointId ?? '',
        adding({ ...statement, NotResource: `arn:aws:s3:::prod-${region}-starport-layer-bucket/*` }),
      );
    },
  },
  {
    name: 'the organization denies a role of the platform what is of other accounts',
    make: async ({ surroundings: { accountId }, root: { iam } }) => {
      const policy = { RoleName: functionRoleName('JudgeAudit'), PolicyName: 'perimeter' };
      const { Principal: _, ...statement } = deny('*', '*', {
        StringNotEqualsIfExists: { 'aws:ResourceAccount': accountId },
        BoolIfExists: { 'aws:PrincipalIsAWSService': 'false' },
      });
      const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
      await iam.send(new PutRolePolicyCommand({ ...policy, PolicyDocument }));
      return () => iam.send(new DeleteRolePolicyCommand(policy));
    },
  },
];
