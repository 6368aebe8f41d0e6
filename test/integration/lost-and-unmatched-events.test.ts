import { CloudWatchLogsClient, CreateLogGroupCommand } from '@aws-sdk/client-cloudwatch-logs';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { CreateAliasCommand, CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { ListExecutionsCommand } from '@aws-sdk/client-sfn';
import {
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { askedPatience } from '../../emulator/emulator';
import { tenantIdOf, tenantNames } from '../../functions/contract/naming';
import { itemKeys } from '../../functions/contract/records';
import { inventoryOf } from '../../local/inventory';
import { newSignup } from '../../local/signups';
import { aSignupEvent } from '../support/builders';
import { eventually, RunningStage } from '../support/running-stage';

const EventSchema = z.object({ source: z.string(), 'detail-type': z.string(), detail: z.unknown() });

let stage: RunningStage;
let sqs: SQSClient;
beforeAll(async () => {
  stage = await RunningStage.start();
  sqs = new SQSClient(stage.platform.aws);
});
afterAll(() => stage?.stop());

describe('an event that no rule of the platform knows', () => {
  // Each event is counted: AWS may deliver one twice.
  beforeAll(async () => {
    await stage.platform.emulator.setPatience(0);
    await stage.platform.emulator.settle();
  });
  afterAll(() => stage.platform.emulator.setPatience(askedPatience()));

  async function put(...events: readonly (readonly [source: string, type: string, detail: object])[]): Promise<void> {
    const EventBusName = stage.connection.eventBusName;
    const Entries = events.map(([Source, DetailType, detail]) => ({
      EventBusName,
      Source,
      DetailType,
      Detail: JSON.stringify(detail),
    }));
    const answer = await new EventBridgeClient(stage.platform.aws).send(new PutEventsCommand({ Entries }));
    expect(answer.FailedEntryCount).toBe(0);
  }

  const waiting = async () => {
    const QueueUrl = stage.platform.outputs.unmatchedEventsUrl;
    const asked = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessages'] }),
    );
    return Number(asked.Attributes?.ApproximateNumberOfMessages);
  };

  /** Takes what is kept off the queue, as an operator does. */
  async function takeKept(count: number) {
    const QueueUrl = stage.platform.outputs.unmatchedEventsUrl;
    await eventually(`${count} events are kept`, async () => (await waiting()) === count || undefined);
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
    for (const { ReceiptHandle } of Messages) await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    return Messages.map(({ Body = '' }) => EventSchema.parse(JSON.parse(Body)));
  }

  const executions = async () => {
    const { stateMachineArn } = stage.connection;
    return (await stage.sfn.send(new ListExecutionsCommand({ stateMachineArn }))).executions?.length;
  };

  test('an event that is neither a signup nor the platform’s own is kept whole, and starts nothing', async () => {
    const detail = newSignup({ companyName: 'Acme GmbH', subdomain: 'misspelled' });
    const misspelled = [
      ['Billing', 'TenantSignedUp', detail],
      ['billing', 'TenantSignedup', detail],
      ['billing', 'tenantsignedup', detail],
      ['billing-test', 'InvoicePaid', {}],
      ['tenant-onboarding ', 'TenantOnboarded', {}],
      ['tenant-onboarding', 'TenantSignedUp', detail],
      ['billing', 'TenantOnboarded', {}],
    ] as const;
    await put(...misspelled);
    const kept = await takeKept(misspelled.length);
    const order = (events: readonly object[]) => events.map((event) => JSON.stringify(event)).sort();
    expect(order(kept)).toEqual(
      order(misspelled.map(([source, type, content]) => ({ source, 'detail-type': type, detail: content }))),
    );
    expect(await executions()).toBe(0);
  });

  test('signups and the platform’s own events are not kept there', async () => {
    await put(
      ['billing', 'TenantSignedUp', { version: 2 }],
      ['tenant-onboarding', 'TenantOnboarded', {}],
      ['other', 'Marker', {}],
    );
    // The execution of the malformed signup publishes its refusal, too.
    await eventually('the refusal', async () => {
      const { stateMachineArn } = stage.connection;
      const failed = await stage.sfn.send(new ListExecutionsCommand({ stateMachineArn, statusFilter: 'FAILED' }));
      return failed.executions?.length === 1 || undefined;
    });
    expect(await takeKept(1)).toEqual([{ source: 'other', 'detail-type': 'Marker', detail: {} }]);
    expect(await waiting()).toBe(0);
  });
});

/**
 * Sweep and Orphans are called here as the clock calls them, by their roles: when a schedule fires is EventBridge's to
 * keep, and every two minutes is too long for a test.
 */
describe('an event that is lost', () => {
  afterEach(() => stage.control('stack-faults/remove', {}));

  const aSignup = (subdomain: string) => newSignup({ companyName: `Company ${subdomain}`, subdomain });

  test('the sweep finishes an onboarding whose stack event is lost', async () => {
    const signup = aSignup('lost');
    const tenantId = tenantIdOf(signup.signupId);
    const stack = tenantNames.stack(tenantId, 'network');
    await stage.control('stack-faults', { stack, status: 'CREATE_COMPLETE', deliveries: 0 });
    const executionArn = await stage.begin(signup);
    await stage.stackBecomes(tenantId, 'network', 'CREATE_COMPLETE');
    // Its stack is complete a moment before its event is handled: the sweep would answer it, too.
    await stage.leaves(executionArn, 'LaunchStorage');
    await stage.waits(executionArn, 'LaunchNetwork');
    await stage.platform.emulator.settle();
    await expect(stage.sweep()).resolves.toMatchObject({ answered: 1 });
    expect(await stage.follow(executionArn)).toMatchObject({ status: 'SUCCEEDED', output: { tenantId } });
  });

  test('the sweep finishes a rollback whose stack events are lost', async () => {
    const signup = aSignup('lost-deletion');
    const tenantId = tenantIdOf(signup.signupId);
    const [access, network] = [tenantNames.stack(tenantId, 'access'), tenantNames.stack(tenantId, 'network')];
    await stage.control('stack-faults', { stack: access, resource: '*', on: 'create', reason: 'no luck', times: 1 });
    const release = await stage.hold('delete', network, 'Vpc');
    await stage.control('stack-faults', { stack: network, status: 'DELETE_COMPLETE', deliveries: 0 });
    const executionArn = await stage.begin(signup);
    await stage.waits(executionArn, 'DeleteNetwork');
    await release();
    await stage.stackBecomes(tenantId, 'network', 'gone');
    await stage.platform.emulator.settle();
    await expect(stage.sweep()).resolves.toMatchObject({ answered: 1 });
    expect(await stage.follow(executionArn)).toMatchObject({ status: 'FAILED', failure: { error: 'StackFailed' } });
    expect(await inventoryOf(stage.connection, tenantId)).toMatchObject({
      stacks: [],
      record: { status: 'FAILED', failure: { outcome: 'rolled-back' } },
    });
  });

  test('the search for orphans finds what a failed onboarding left, and nothing of an ACTIVE tenant or the decoy', async () => {
    const failed = aSignup('left-something');
    const tenantId = tenantIdOf(failed.signupId);
    const stack = tenantNames.stack(tenantId, 'storage');
    await stage.control('stack-faults', { stack, resource: '*', on: 'create', reason: 'full', times: 1 });
    const runs = await Promise.all([stage.begin(failed), stage.begin(aSignup('lives'))]);
    const ends = await Promise.all(runs.map((run) => stage.follow(run)));
    expect(ends.map(({ status }) => status)).toEqual(['FAILED', 'SUCCEEDED']);

    const { table, orphans } = {
      table: stage.client.table,
      orphans: stage.platform.deployment.controlPlane.orphansFunctionName,
    };
    await table.client.send(
      new UpdateCommand({
        TableName: table.name,
        Key: itemKeys.tenant(tenantId),
        UpdateExpression: 'SET updatedAt = :longAgo',
        ExpressionAttributeValues: { ':longAgo': '2020-01-01T00:00:00.000Z' },
      }),
    );
    // The search comes hours after a failure, and here at once.
    await stage.platform.emulator.settle();
    await expect(stage.call(orphans)).resolves.toMatchObject({ orphans: [], seen: expect.any(Number) });

    const logGroupName = `/aws/rds/instance/${tenantNames.database(tenantId)}/postgresql`;
    await new CloudWatchLogsClient(stage.platform.aws).send(new CreateLogGroupCommand({ logGroupName }));
    const kms = new KMSClient(stage.platform.aws);
    const { KeyMetadata } = await kms.send(
      new CreateKeyCommand({ Tags: [{ TagKey: 'tenantId', TagValue: tenantId }] }),
    );
    const AliasName = tenantNames.keyAlias(tenantId);
    await stage.platform.emulator.settle();
    await kms.send(new CreateAliasCommand({ AliasName, TargetKeyId: KeyMetadata?.KeyId }));
    await stage.platform.emulator.settle();
    await expect(stage.call(orphans)).resolves.toMatchObject({
      orphans: [
        { kind: 'log group', id: logGroupName, tenantId, removed: false },
        { kind: 'key', id: KeyMetadata?.Arn, tenantId, removed: false },
        { kind: 'alias', id: AliasName, tenantId, removed: false },
      ],
    });
  });

  test('G4: a replay onboards an undelivered signup once, whatever other messages are on the queue', async () => {
    const signup = aSignup('undelivered');
    const QueueUrl = stage.connection.undeliveredSignupsUrl;
    const MessageBody = JSON.stringify(aSignupEvent(signup));
    const bodies = ['no JSON', MessageBody, '{"id":"of no event"}', MessageBody];
    for (const body of bodies) await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: body }));
    const started = new Set<string>();
    const unreadable: string[] = [];
    for await (const done of stage.client.replay()) {
      if ('unreadable' in done) unreadable.push(done.unreadable.body);
      else started.add(done.executionArn);
    }
    expect(unreadable.sort()).toEqual(['no JSON', '{"id":"of no event"}']);
    expect(await stage.client.undeliveredSignups()).toEqual({ visible: 2, hidden: 0 });
    const [executionArn = '', ...others] = started;
    expect(others).toEqual([]);
    expect(await stage.follow(executionArn)).toMatchObject({ status: 'SUCCEEDED' });
  });
});
