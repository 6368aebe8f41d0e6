import { type DynamoDBClient, GetResourcePolicyCommand, PutResourcePolicyCommand } from '@aws-sdk/client-dynamodb';
import { DescribeVpcEndpointsCommand, type EC2Client, ModifyVpcEndpointCommand } from '@aws-sdk/client-ec2';
import {
  GetRoleCommand,
  GetRolePolicyCommand,
  PutRolePolicyCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { GetKeyPolicyCommand, PutKeyPolicyCommand } from '@aws-sdk/client-kms';
import { GetBucketPolicyCommand, PutBucketPolicyCommand } from '@aws-sdk/client-s3';
import { GetTopicAttributesCommand, SetTopicAttributesCommand, type SNSClient } from '@aws-sdk/client-sns';
import { GetQueueAttributesCommand, SetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import type { FactClients } from '../../functions/isolation/facts/facts';
import type { Revert } from './technique';

const StatementSchema = z.looseObject({
  Sid: z.string().optional(),
  Effect: z.enum(['Allow', 'Deny']),
  Condition: z.record(z.string(), z.record(z.string(), z.unknown())).optional(),
});
export type Statement = z.infer<typeof StatementSchema>;
const PolicySchema = z.looseObject({ Statement: z.array(StatementSchema) });

export type Edit = (statements: Statement[]) => Statement[];

/** Where a policy is, to be read and to be replaced. */
interface Place {
  readonly read: () => Promise<string | undefined>;
  readonly write: (text: string) => Promise<unknown>;
}

/**
 * @throws Error when the edit changes nothing: then there is no such statement any more, and
 * nothing has been broken
 */
async function edited({ read, write }: Place, edit: Edit): Promise<Revert> {
  const before = (await read()) ?? '';
  const policy = PolicySchema.parse(JSON.parse(before));
  const after = { ...policy, Statement: edit(policy.Statement) };
  if (JSON.stringify(after) === JSON.stringify(policy)) throw new Error('the policy has no statement to change');
  await write(JSON.stringify(after));
  return () => write(before);
}

export const adding =
  (statement: Statement): Edit =>
  (statements) => [...statements, statement];

export const without =
  (...sids: readonly string[]): Edit =>
  (statements) =>
    statements.filter(({ Sid = '' }) => !sids.includes(Sid));

/** Changes the conditions of one statement, or of all. */
export const conditioned =
  (conditions: NonNullable<Statement['Condition']>, sid?: string): Edit =>
  (statements) =>
    statements.map((each) => (sid === undefined || each.Sid === sid ? { ...each, Condition: conditions } : each));

/** Changes one statement. */
export const changed =
  (sid: string, change: (statement: Statement) => Statement): Edit =>
  (statements) =>
    statements.map((each) => (each.Sid === sid ? change(each) : each));

/** IAM hands its policies out URL-encoded. */
const decoded = (text = '') => decodeURIComponent(text);

export const bucketPolicy = ({ s3 }: Pick<FactClients, 's3'>, Bucket: string, edit: Edit): Promise<Revert> =>
  edited(
    {
      read: async () => (await s3.send(new GetBucketPolicyCommand({ Bucket }))).Policy,
      write: (Policy) => s3.send(new PutBucketPolicyCommand({ Bucket, Policy })),
    },
    edit,
  );

export const keyPolicy = ({ kms }: Pick<FactClients, 'kms'>, KeyId: string, edit: Edit): Promise<Revert> =>
  edited(
    {
      read: async () => (await kms.send(new GetKeyPolicyCommand({ KeyId, PolicyName: 'default' }))).Policy,
      write: (Policy) => kms.send(new PutKeyPolicyCommand({ KeyId, PolicyName: 'default', Policy })),
    },
    edit,
  );

export const tablePolicy = (
  { dynamodb }: { readonly dynamodb: DynamoDBClient },
  ResourceArn: string,
  edit: Edit,
): Promise<Revert> =>
  edited(
    {
      read: async () => (await dynamodb.send(new GetResourcePolicyCommand({ ResourceArn }))).Policy,
      write: (Policy) => dynamodb.send(new PutResourcePolicyCommand({ ResourceArn, Policy })),
    },
    edit,
  );

export const topicPolicy = ({ sns }: { readonly sns: SNSClient }, TopicArn: string, edit: Edit): Promise<Revert> =>
  edited(
    {
      read: async () => (await sns.send(new GetTopicAttributesCommand({ TopicArn }))).Attributes?.Policy,
      write: (AttributeValue) =>
        sns.send(new SetTopicAttributesCommand({ TopicArn, AttributeName: 'Policy', AttributeValue })),
    },
    edit,
  );

export const queuePolicy = ({ sqs }: { readonly sqs: SQSClient }, QueueUrl: string, edit: Edit): Promise<Revert> =>
  edited(
    {
      read: async () =>
        (await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['Policy'] }))).Attributes?.Policy,
      write: (Policy) => sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } })),
    },
    edit,
  );

export const endpointPolicy = (
  { ec2 }: { readonly ec2: EC2Client },
  VpcEndpointId: string,
  edit: Edit,
): Promise<Revert> =>
  edited(
    {
      read: async () => {
        const { VpcEndpoints } = await ec2.send(new DescribeVpcEndpointsCommand({ VpcEndpointIds: [VpcEndpointId] }));
        return VpcEndpoints?.[0]?.PolicyDocument;
      },
      write: (PolicyDocument) => ec2.send(new ModifyVpcEndpointCommand({ VpcEndpointId, PolicyDocument })),
    },
    edit,
  );

export const trustPolicy = ({ iam }: Pick<FactClients, 'iam'>, RoleName: string, edit: Edit): Promise<Revert> =>
  edited(
    {
      read: async () => decoded((await iam.send(new GetRoleCommand({ RoleName }))).Role?.AssumeRolePolicyDocument),
      write: (PolicyDocument) => iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument })),
    },
    edit,
  );

/** The one policy that a role is made with: a service's role calls it after its purpose. */
export function rolePolicy(
  { iam }: FactClients,
  RoleName: string,
  edit: Edit,
  PolicyName: 'own-data' | 'flow-logs' | 'monitoring' = 'own-data',
): Promise<Revert> {
  const policy = { RoleName, PolicyName };
  return edited(
    {
      read: async () => decoded((await iam.send(new GetRolePolicyCommand(policy))).PolicyDocument),
      write: (PolicyDocument) => iam.send(new PutRolePolicyCommand({ ...policy, PolicyDocument })),
    },
    edit,
  );
}
