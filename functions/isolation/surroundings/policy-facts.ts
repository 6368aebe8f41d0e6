import type { CloudTrailClient } from '@aws-sdk/client-cloudtrail';
import {
  type EventBridgeClient,
  ListRulesCommand,
  ListTargetsByRuleCommand,
  type Rule,
  type Target,
} from '@aws-sdk/client-eventbridge';
import { GetKeyPolicyCommand, type KMSClient } from '@aws-sdk/client-kms';
import {
  type EventSourceMappingConfiguration,
  type FunctionConfiguration,
  GetPolicyCommand,
  type LambdaClient,
  paginateListEventSourceMappings,
  paginateListFunctions,
} from '@aws-sdk/client-lambda';
import { GetBucketPolicyCommand, type S3Client } from '@aws-sdk/client-s3';
import {
  DescribeStateMachineCommand,
  type DescribeStateMachineCommandOutput,
  paginateListStateMachines,
  type SFNClient,
} from '@aws-sdk/client-sfn';
import { GetQueueAttributesCommand, type QueueAttributeName, type SQSClient } from '@aws-sdk/client-sqs';
import { everyItem, pages } from '../../shared/paging';
import { unlessNamed } from '../../shared/unless';
import { readOnce, readOnceEach } from '../facts/reading';
import { policyIfAny, type Statement } from '../policy-document';
import { type PermissionAdded, permissionsAdded } from './permissions-added';
import type { PlatformSurroundings } from './surroundings';

/** What a resource of the platform allows whom, and what it runs or is called by. */
export interface PolicyFacts {
  readonly ofKey: (keyId: string) => Promise<readonly Statement[]>;
  readonly ofBucket: (name: string) => Promise<readonly Statement[]>;
  readonly ofQueue: (url: string) => Promise<readonly Statement[]>;
  /** How long a queue keeps what it has got, under which key, and where it moves it. */
  readonly queueSettings: (url: string) => Promise<QueueSettings>;
  /** Of the function, or of its version or alias of that name. */
  readonly ofFunction: (name: string, qualifier?: string) => Promise<readonly Statement[]>;
  readonly permissionsAdded: () => Promise<readonly PermissionAdded[]>;
  readonly functions: () => Promise<readonly FunctionConfiguration[]>;
  /** What calls functions of the account with the records of queues and streams. */
  readonly eventSources: () => Promise<readonly EventSourceMappingConfiguration[]>;
  /** The rules of a bus; of the default one without a name. */
  readonly rules: (bus?: string) => Promise<readonly Rule[]>;
  /** None where somebody has deleted the rule since the list. */
  readonly targets: (rule: string, bus?: string) => Promise<readonly Target[]>;
  readonly machine: (machineArn: string) => Promise<Machine>;
  /** The role of somebody's machine; undefined where it was deleted since the list. */
  readonly machineRole: (machineArn: string) => Promise<string | undefined>;
  /** ARNs of every state machine of the account. */
  readonly machines: () => Promise<readonly string[]>;
}

export type Machine = Partial<
  Pick<DescribeStateMachineCommandOutput, 'definition' | 'roleArn' | 'loggingConfiguration' | 'encryptionConfiguration'>
>;

export type QueueSettings = Readonly<Partial<Record<QueueAttributeName, string>>>;

export interface PolicyFactClients {
  readonly kms: KMSClient;
  readonly s3: S3Client;
  readonly sqs: SQSClient;
  readonly lambda: LambdaClient;
  readonly events: EventBridgeClient;
  readonly sfn: SFNClient;
  readonly cloudtrail: CloudTrailClient;
}

export function policyFacts(clients: PolicyFactClients, { accountId }: PlatformSurroundings): PolicyFacts {
  const { kms, s3, sqs, lambda, events, sfn, cloudtrail } = clients;
  const queue = readOnceEach(async (QueueUrl: string): Promise<QueueSettings> => {
    const every = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] });
    return (await sqs.send(every)).Attributes ?? {};
  });
  return {
    ofKey: readOnceEach(async (KeyId: string) =>
      policyIfAny((await kms.send(new GetKeyPolicyCommand({ KeyId, PolicyName: 'default' }))).Policy),
    ),
    ofBucket: readOnceEach(async (Bucket: string) => {
      const bucket = { Bucket, ExpectedBucketOwner: accountId };
      return policyIfAny(
        (await unlessNamed(s3.send(new GetBucketPolicyCommand(bucket)), 'NoSuchBucketPolicy'))?.Policy,
      );
    }),
    ofQueue: async (url) => policyIfAny((await queue(url)).Policy),
    queueSettings: queue,
    ofFunction: readOnceEach(async (FunctionName: string, Qualifier?: string) => {
      const answer = lambda.send(new GetPolicyCommand({ FunctionName, Qualifier }));
      return policyIfAny((await unlessNamed(answer, 'ResourceNotFoundException'))?.Policy);
    }),
    permissionsAdded: readOnce(() => permissionsAdded(cloudtrail)),
    eventSources: readOnce(() =>
      everyItem(paginateListEventSourceMappings({ client: lambda }, {}), (page) => page.EventSourceMappings),
    ),
    functions: readOnce(() => everyItem(paginateListFunctions({ client: lambda }, {}), (page) => page.Functions)),
    rules: readOnceEach((EventBusName?: string) => {
      const ask = (NextToken?: string) => events.send(new ListRulesCommand({ EventBusName, NextToken }));
      return everyItem(pages(ask, 'NextToken'), (page) => page.Rules);
    }),
    targets: readOnceEach(async (Rule: string, EventBusName?: string) => {
      const request = events.send(new ListTargetsByRuleCommand({ Rule, EventBusName }));
      return (await unlessNamed(request, 'ResourceNotFoundException'))?.Targets ?? [];
    }),
    machines: readOnce(async () => {
      const listed = await everyItem(paginateListStateMachines({ client: sfn }, {}), (page) => page.stateMachines);
      return listed.flatMap(({ stateMachineArn }) => stateMachineArn ?? []);
    }),
    machine: readOnceEach((stateMachineArn: string) => sfn.send(new DescribeStateMachineCommand({ stateMachineArn }))),
    machineRole: readOnceEach(async (stateMachineArn: string) => {
      // "DescribeStateMachine": a definition under a key of another team takes kms:Decrypt, and nobody compares it here.
      const request = new DescribeStateMachineCommand({ stateMachineArn, includedData: 'METADATA_ONLY' });
      return (await unlessNamed(sfn.send(request), 'StateMachineDoesNotExist'))?.roleArn;
    }),
  };
}
