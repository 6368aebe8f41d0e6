import { CloudFormationClient, CreateChangeSetCommand } from '@aws-sdk/client-cloudformation';
import { tenantIdOf, tenantNames } from '../../functions/contract/naming';
import type { StackKind } from '../../functions/contract/stacks';
import { describeStack } from '../../functions/stacks/stacks';
import { newSignup } from '../../local/signups';
import { eventually, RunningStage } from '../support/running-stage';

/** The pauses of the machine, at a hundredth: a replaced stack waits for half a minute on AWS. */
let stage: RunningStage;
beforeAll(async () => {
  // Pauses as short as these do not outlast what AWS shows later.
  stage = await RunningStage.start({ SFN_WAIT_SCALE: '0.01' }, { patience: 0 });
});
afterAll(() => stage?.stop());
afterEach(() => stage.control('stack-faults/remove', {}));

function aSignup(subdomain: string) {
  const signup = newSignup({ companyName: `Company ${subdomain}`, subdomain });
  const tenantId = tenantIdOf(signup.signupId);
  return { signup, stackOf: (kind: StackKind) => tenantNames.stack(tenantId, kind) };
}

test.each([
  ['throttled', 'database', 'Primary', 'Rate exceeded (Service: Rds, Status Code: 400)'],
  ['faulty', 'database', 'Primary', 'Internal Failure (HandlerErrorCode: InternalFailure)'],
  [
    'conflicting',
    'storage',
    'Bucket',
    'A conflicting conditional operation is currently in progress against this resource.',
  ],
] as const)(
  'F1, T7: %s: a %s stack whose %s fails once with "%s" is replaced, and the tenant is ACTIVE by itself',
  async (subdomain, kind, resource, reason) => {
    const { signup, stackOf } = aSignup(subdomain);
    await stage.control('stack-faults', { stack: stackOf(kind), resource, on: 'create', reason, times: 1 });
    const executionArn = await stage.begin(signup);
    expect(await stage.follow(executionArn)).toMatchObject({ status: 'SUCCEEDED' });
    const history = await stage.client.status(signup.subdomain);
    expect(history).toMatchObject({ status: 'ACTIVE' });
  },
);

test('F2: status and event say why the run fails while a sibling of the failed resource is still rolled back', async () => {
  const { signup, stackOf } = aSignup('failing');
  const stack = stackOf('database');
  await stage.control('stack-faults', { stack, resource: 'Primary', on: 'create', reason: 'no such class' });
  await stage.control('stack-faults', { stack, resource: 'Secret', on: 'delete', seconds: 600 });
  const executionArn = await stage.begin(signup);
  const told = await eventually('the failure on the record', async () => {
    // Before its reservation the tenant is not known yet.
    const status = await stage.client.status(signup.subdomain).catch(() => undefined);
    return status?.failure;
  });
  const [event] = await stage.beginningRollbacks(executionArn);
  const cloudformation = new CloudFormationClient(stage.platform.aws);
  expect((await describeStack(cloudformation, stack))?.StackStatus).toBe('ROLLBACK_IN_PROGRESS');
  expect(told).toMatchObject({ error: 'StackFailed', reason: expect.stringContaining('no such class') });
  expect(event).toMatchObject({ error: 'StackFailed', reason: told.reason, attempt: 1 });
  await stage.control('stack-faults/remove', {});
  expect(await stage.follow(executionArn)).toMatchObject({ status: 'FAILED', failure: { error: 'StackFailed' } });
});

test('F6: a stack in REVIEW_IN_PROGRESS with the tenant’s name is replaced', async () => {
  const { signup, stackOf } = aSignup('previewed');
  const TemplateBody = JSON.stringify({ Resources: { Topic: { Type: 'AWS::SNS::Topic' } } });
  await new CloudFormationClient(stage.platform.aws).send(
    new CreateChangeSetCommand({
      ...{ StackName: stackOf('storage'), ChangeSetName: 'preview', ChangeSetType: 'CREATE', TemplateBody },
    }),
  );
  expect(await stage.follow(await stage.begin(signup))).toMatchObject({ status: 'SUCCEEDED' });
});
