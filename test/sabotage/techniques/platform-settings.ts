import { DescribeStackResourcesCommand } from '@aws-sdk/client-cloudformation';
import { UpdateEventBusCommand } from '@aws-sdk/client-eventbridge';
import {
  CreateFunctionCommand,
  DeleteFunctionCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { SubscribeCommand, UnsubscribeCommand } from '@aws-sdk/client-sns';
import { GetQueueAttributesCommand, SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { platformStackName } from '../../../functions/contract/naming';
import type { SharedTechnique } from '../surroundings-target';
import { STRANGER } from '../technique';
import { functionOf } from './platform';

const subscribed = (name: string, Protocol: string, Endpoint: string): SharedTechnique => ({
  name,
  check: 'platform.topic',
  detonate: async ({ surroundings: { topicArn: TopicArn }, root: { sns } }) => {
    const request = { TopicArn, Protocol, Endpoint, ReturnSubscriptionArn: true };
    const { SubscriptionArn } = await sns.send(new SubscribeCommand(request));
    return {
      expectedEvidence: `${Protocol} ${Endpoint} of`,
      revert: () => sns.send(new UnsubscribeCommand({ SubscriptionArn })),
    };
  },
});

/** An empty ZIP archive: no code. */
const EMPTY = Uint8Array.from([0x50, 0x4b, 5, 6, ...Array(18).fill(0)]);

/** How what carries signups and alarms, and who acts for the platform, is changed beside the policies. */
export const PLATFORM_SETTING_TECHNIQUES: readonly SharedTechnique[] = [
  subscribed('mail the alarms to a stranger', 'email', 'eve@theirs.example'),
  subscribed('send the alarms to a stranger’s phone', 'sms', '+4930123456'),
  {
    name: 'put the bus under a stranger’s key',
    check: 'platform.bus',
    detonate: async ({ surroundings: { busName: Name, region }, root: { events } }) => {
      const key = `arn:aws:kms:${region}:${STRANGER}:key/11111111-1111-1111-1111-111111111111`;
      const set = (KmsKeyIdentifier: string) => events.send(new UpdateEventBusCommand({ Name, KmsKeyIdentifier }));
      await set(key);
      return { expectedEvidence: `the key of the bus is ${key}`, revert: () => set('') };
    },
  },
  {
    name: 'forget undelivered signups after a minute',
    check: 'platform.permissions',
    detonate: async ({ root: { cloudformation, sqs } }) => {
      const StackName = platformStackName('ControlPlane');
      const { StackResources = [] } = await cloudformation.send(new DescribeStackResourcesCommand({ StackName }));
      const QueueUrl = StackResources.find(
        ({ ResourceType, LogicalResourceId = '' }) =>
          ResourceType === 'AWS::SQS::Queue' && LogicalResourceId.startsWith('SignupIntake'),
      )?.PhysicalResourceId;
      const read = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['MessageRetentionPeriod'] });
      const before = (await sqs.send(read)).Attributes?.MessageRetentionPeriod ?? '';
      const set = (MessageRetentionPeriod: string) =>
        sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { MessageRetentionPeriod } }));
      await set('60');
      return { expectedEvidence: 'forgets what it has got after 60 s', revert: () => set(before) };
    },
  },
  {
    name: 'run a function of a stranger in AuditTenant’s role',
    check: 'platform.functions',
    detonate: async (scene) => {
      const { lambda } = scene.root;
      const { Role, Runtime } = await functionOf(scene, 'AuditTenant');
      const FunctionName = 'support';
      await lambda.send(
        new CreateFunctionCommand({ FunctionName, Role, Runtime, Handler: 'index.handler', Code: { ZipFile: EMPTY } }),
      );
      return {
        expectedEvidence: `function ${FunctionName}, which no template makes, runs as ${Role}`,
        revert: () => lambda.send(new DeleteFunctionCommand({ FunctionName })),
      };
    },
  },
  {
    name: 'let VerifyIsolation run out of memory',
    check: 'platform.functions',
    detonate: async (scene) => {
      const { lambda } = scene.root;
      const { FunctionName, MemorySize } = await functionOf(scene, 'VerifyIsolation');
      const set = (size: number | undefined) =>
        lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, MemorySize: size }));
      await set(128);
      return { expectedEvidence: `${FunctionName} has 128 MB of memory`, revert: () => set(MemorySize) };
    },
  },
];
