import { CloudWatchLogsClient, CreateLogGroupCommand } from '@aws-sdk/client-cloudwatch-logs';
import { CreateAliasCommand, CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { tenantIdOf, tenantNames } from '../../functions/contract/naming';
import { itemKeys } from '../../functions/contract/records';
import { inventoryOf } from '../../local/inventory';
import { newSignup } from '../../local/signups';
import { aSignupEvent } from '../support/builders';
import { RunningStage } from '../support/running-stage';

/**
 * Sweep and Orphans are called here as the clock calls them, by their roles: when a schedule fires is EventBridge's to
 * keep, and every two minutes is too long for a test.
 */
let stage: RunningStage;
beforeAll(async () => {
  stage = await RunningStage.start();
}, 300_000);
afterAll(() => stage?.stop());
afterEach(() => stage.control('stack-faults/remove', {}));

const aSignup = (subdomain: string) => newSignup({ companyName: `Company ${subdomain}`, subdomain });

test('the sweep finishes an onboarding whose stack event is lost', async () => {
  const signup = aSignup('lost');
  const tenantId = tenantIdOf(signup.signupId);
  const stack = tenantNames.stack(tenantId, 'network');
  await stage.control('stack-faults', { stack, status: 'CREATE_COMPLETE', deliveries: 0 });
  const executionArn = await stage.begin(signup);
  await stage.stackBecomes(tenantId, 'network', 'CREATE_COMPLETE');
  await stage.stackBecomes(tenantId, 'storage', 'CREATE_COMPLETE');
  await stage.reaches(executionArn, 'LaunchNetwork');
  await expect(stage.sweep()).resolves.toMatchObject({ answered: 1 });
  expect(await stage.follow(executionArn)).toMatchObject({ status: 'SUCCEEDED', output: { tenantId } });
}, 120_000);

test('the sweep finishes a rollback whose stack events are lost', async () => {
  const signup = aSignup('lost-deletion');
  const tenantId = tenantIdOf(signup.signupId);
  const [access, network] = [tenantNames.stack(tenantId, 'access'), tenantNames.stack(tenantId, 'network')];
  await stage.control('stack-faults', { stack: access, resource: '*', on: 'create', reason: 'no luck', times: 1 });
  await stage.control('stack-faults', { stack: network, resource: 'Vpc', on: 'delete', seconds: 1 });
  await stage.control('stack-faults', { stack: network, status: 'DELETE_COMPLETE', deliveries: 0 });
  const executionArn = await stage.begin(signup);
  await stage.reaches(executionArn, 'DeleteNetwork');
  await stage.stackBecomes(tenantId, 'network', 'gone');
  await stage.reaches(executionArn, 'DeleteNetwork');
  await expect(stage.sweep()).resolves.toMatchObject({ answered: 1 });
  expect(await stage.follow(executionArn)).toMatchObject({ status: 'FAILED', failure: { error: 'StackFailed' } });
  expect(await inventoryOf(stage.connection, tenantId)).toMatchObject({
    stacks: [],
    record: { status: 'FAILED', failure: { outcome: 'rolled-back' } },
  });
}, 120_000);

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
  await expect(stage.call(orphans)).resolves.toMatchObject({ orphans: [], seen: expect.any(Number) });

  const logGroupName = `/aws/rds/instance/${tenantNames.database(tenantId)}/postgresql`;
  await new CloudWatchLogsClient(stage.platform.aws).send(new CreateLogGroupCommand({ logGroupName }));
  const kms = new KMSClient(stage.platform.aws);
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({ Tags: [{ TagKey: 'tenantId', TagValue: tenantId }] }));
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
}, 120_000);

test('G4: a replay onboards an undelivered signup once, whatever other messages are on the queue', async () => {
  const signup = aSignup('undelivered');
  const sqs = new SQSClient(stage.platform.aws);
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
}, 120_000);
