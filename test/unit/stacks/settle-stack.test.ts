import type { StackStatus } from '@aws-sdk/client-cloudformation';
import { theStacks } from '../../support/builders';
import { dieAtEachCall } from '../../support/deaths';
import type { FakeStack } from '../../support/fake-stacks';
import { StackScene } from '../../support/stack-scene';

const { outputs } = theStacks().network;

async function launched() {
  const scene = new StackScene();
  await scene.launch('network');
  const [stack] = scene.cloudformation.stacks;
  if (!stack) throw new Error('nothing was launched');
  return { scene, stack };
}
async function deleting() {
  const scene = new StackScene({ status: 'ROLLING_BACK' });
  const stack = scene.leftover('network', 'CREATE_COMPLETE');
  await scene.delete('network');
  return { scene, stack };
}
async function replacing() {
  const scene = new StackScene();
  const stack = scene.leftover('network', 'ROLLBACK_COMPLETE');
  await scene.launch('network');
  return { scene, stack };
}

describe('the end of a stack', () => {
  it('answers a launch with the stack’s id, its template’s version and its outputs', async () => {
    const { scene, stack } = await launched();
    await expect(scene.announce(stack, 'CREATE_COMPLETE', outputs)).resolves.toBe('answered');
    expect(scene.sfn.answers.get('launch-1')).toEqual({
      output: { stackId: stack.StackId, stackName: stack.StackName, templateVersion: 'network-v1', outputs },
    });
    expect(scene.waiting('network')).toBeUndefined();
  });

  it('answers with the version that the stack itself was made from', async () => {
    const scene = new StackScene();
    const older = scene.leftover('network', 'CREATE_COMPLETE');
    older.Tags.push({ Key: 'templateVersion', Value: 'network-v0' });
    await scene.launch('network');
    expect(scene.sfn.answers.get('launch-1')).toMatchObject({ output: { templateVersion: 'network-v0' } });
  });

  it('T6: has the launch repeated while DescribeStacks does not show the outputs, and never fails it', async () => {
    const { scene, stack } = await launched();
    await expect(scene.announce(stack, 'CREATE_COMPLETE', { VpcId: outputs.VpcId })).resolves.toBe('answered');
    expect(scene.sfn.answers.get('launch-1')).toEqual({
      error: 'TransientNotYetVisible',
      cause: expect.stringContaining('outputs.DatabaseSubnetIds:'),
    });
    scene.cloudformation.become(stack, 'CREATE_COMPLETE', outputs);
    await scene.launch('network', { taskToken: 'launch-2' });
    expect(scene.sfn.answers.get('launch-2')).toMatchObject({ output: { outputs } });
  });

  it('T6: has the launch repeated while DescribeStacks is behind the event', async () => {
    const { scene, stack } = await launched();
    await expect(scene.event(stack.StackId, 'CREATE_COMPLETE')).resolves.toBe('answered');
    expect(scene.sfn.answers.get('launch-1')).toEqual({
      error: 'TransientNotYetVisible',
      cause: expect.stringContaining('its status is CREATE_IN_PROGRESS'),
    });
    await scene.launch('network', { taskToken: 'launch-2' });
    await scene.announce(stack, 'CREATE_COMPLETE', outputs);
    expect(scene.sfn.answers.get('launch-2')).toMatchObject({ output: { outputs } });
    expect(scene.cloudformation.living()).toEqual([stack]);
  });

  const answers: [string, () => Promise<{ scene: StackScene; stack: FakeStack }>, StackStatus, string, object][] = [
    ['a launch', launched, 'ROLLBACK_COMPLETE', 'launch-1', { error: 'StackFailed' }],
    ['a launch', launched, 'ROLLBACK_FAILED', 'launch-1', { error: 'StackFailed' }],
    ['a launch', launched, 'CREATE_FAILED', 'launch-1', { error: 'StackFailed' }],
    ['a launch', launched, 'UPDATE_FAILED', 'launch-1', { error: 'StackFailed' }],
    ['a launch', launched, 'UPDATE_ROLLBACK_FAILED', 'launch-1', { error: 'StackFailed' }],
    ['a launch', launched, 'DELETE_COMPLETE', 'launch-1', { error: 'StackFailed' }],
    ['a launch', launched, 'DELETE_FAILED', 'launch-1', { error: 'StackDeletionFailed' }],
    ['a replacement', replacing, 'DELETE_COMPLETE', 'launch-1', { error: 'TransientStackReplaced' }],
    ['a replacement', replacing, 'DELETE_FAILED', 'launch-1', { error: 'StackDeletionFailed' }],
    ['a deletion', deleting, 'DELETE_COMPLETE', 'delete-1', { output: {} }],
    ['a deletion', deleting, 'DELETE_FAILED', 'delete-1', { error: 'StackDeletionFailed' }],
  ];
  it.each(answers)('answers %s (%#) that ends in %s', async (_, begin, status, token, answer) => {
    const { scene, stack } = await begin();
    await expect(scene.announce(stack, status)).resolves.toBe('answered');
    expect(scene.sfn.answers.get(token)).toMatchObject(answer);
    expect(scene.waiting('network')).toBeUndefined();
  });

  const silent: [string, () => Promise<{ scene: StackScene; stack: FakeStack }>, StackStatus][] = [
    ['a launch', launched, 'CREATE_IN_PROGRESS'],
    ['a launch', launched, 'DELETE_IN_PROGRESS'],
    ['a replacement', replacing, 'ROLLBACK_COMPLETE'],
    ['a replacement', replacing, 'DELETE_IN_PROGRESS'],
    ['a deletion', deleting, 'DELETE_IN_PROGRESS'],
    ['a deletion', deleting, 'CREATE_COMPLETE'],
    ['a deletion', deleting, 'ROLLBACK_COMPLETE'],
    ['a deletion', deleting, 'UPDATE_ROLLBACK_FAILED'],
  ];
  it.each(silent)('does not answer %s (%#) in %s', async (_, begin, status) => {
    const { scene, stack } = await begin();
    await expect(scene.event(stack.StackId, status)).resolves.toBe('ignored');
    expect(scene.sfn.answers.size).toBe(0);
    expect(scene.waiting('network')).toBeDefined();
  });
});

/** The stack's events as CloudFormation writes them when a resource could not be created. */
const failing = (stack: FakeStack, reason: string) =>
  stack.events.push(
    { ResourceType: 'AWS::CloudFormation::Stack', ResourceStatus: 'CREATE_IN_PROGRESS' } as never,
    {
      ResourceType: 'AWS::RDS::DBInstance',
      LogicalResourceId: 'Primary',
      ResourceStatus: 'CREATE_FAILED',
      ResourceStatusReason: reason,
    } as never,
  );

describe('a stack that begins to roll back', () => {
  it('F2: fails its launch at once, with the reason of the resource that failed', async () => {
    const { scene, stack } = await launched();
    failing(stack, 'instance class db.x is not available');
    await expect(scene.announce(stack, 'ROLLBACK_IN_PROGRESS')).resolves.toBe('answered');
    expect(scene.sfn.answers.get('launch-1')).toEqual({
      error: 'StackFailed',
      cause: 'AWS::RDS::DBInstance Primary: instance class db.x is not available',
    });
    await expect(scene.announce(stack, 'ROLLBACK_COMPLETE')).resolves.toBe('ignored');
  });

  it('F2: throws a transient error while its events do not show the failed resource', async () => {
    const { scene, stack } = await launched();
    await expect(scene.announce(stack, 'ROLLBACK_IN_PROGRESS')).rejects.toMatchObject({
      name: 'TransientNotYetVisible',
    });
    expect(scene.waiting('network')).toBeDefined();
  });

  it('F1: has the launch repeated after the rollback when it failed for a transient reason', async () => {
    const { scene, stack } = await launched();
    failing(stack, 'Rate exceeded (Service: Rds, Status Code: 400)');
    await expect(scene.announce(stack, 'ROLLBACK_IN_PROGRESS')).resolves.toBe('ignored');
    await expect(scene.announce(stack, 'ROLLBACK_COMPLETE')).resolves.toBe('answered');
    expect(scene.sfn.answers.get('launch-1')).toMatchObject({ error: 'TransientStackFailure' });
    await scene.launch('network', { taskToken: 'launch-2' });
    await scene.announce(stack, 'DELETE_COMPLETE');
    expect(scene.sfn.answers.get('launch-2')).toMatchObject({ error: 'TransientStackReplaced' });
    await scene.launch('network', { taskToken: 'launch-3' });
    const [replacement] = scene.cloudformation.living();
    if (replacement) await scene.announce(replacement, 'CREATE_COMPLETE', outputs);
    expect(scene.sfn.answers.get('launch-3')).toMatchObject({ output: { outputs } });
  });

  it('F1: fails its launch with QuotaExceeded for an exhausted quota', async () => {
    const { scene, stack } = await launched();
    failing(stack, 'The maximum number of VPCs has been reached. (HandlerErrorCode: ServiceLimitExceeded)');
    await scene.announce(stack, 'ROLLBACK_IN_PROGRESS');
    expect(scene.sfn.answers.get('launch-1')).toMatchObject({ error: 'QuotaExceeded' });
  });
});

describe('an event', () => {
  it('answers once when it comes twice', async () => {
    const { scene, stack } = await launched();
    await scene.announce(stack, 'CREATE_COMPLETE', outputs);
    await expect(scene.event(stack.StackId, 'CREATE_COMPLETE')).resolves.toBe('ignored');
    expect(scene.sfn.answers.size).toBe(1);
  });

  it('that comes before CreateStack’s answer makes one look at the stack', async () => {
    const scene = new StackScene();
    const heard: Promise<unknown>[] = [];
    scene.cloudformation.after = (command) => {
      const [stack] = scene.cloudformation.stacks;
      if (command !== 'CreateStackCommand' || !stack) return;
      scene.cloudformation.become(stack, 'CREATE_COMPLETE', outputs);
      heard.push(scene.event(stack.StackId, 'CREATE_COMPLETE'));
    };
    await scene.launch('network');
    await expect(Promise.all(heard)).resolves.toEqual(['answered']);
    expect(scene.cloudformation.calls).toEqual(['CreateStackCommand', 'DescribeStacksCommand']);
  });

  it('T6: is that of the task’s own request by its token, whether or not CloudFormation shows the stack’s name', async () => {
    const scene = new StackScene();
    const heard: Promise<unknown>[] = [];
    scene.cloudformation.after = (command) => {
      const [stack] = scene.cloudformation.stacks;
      if (command !== 'CreateStackCommand' || !stack) return;
      scene.cloudformation.hidden.add(stack.StackName);
      scene.cloudformation.become(stack, 'CREATE_COMPLETE', outputs);
      heard.push(scene.event(stack.StackId, 'CREATE_COMPLETE'));
    };
    await scene.launch('network');
    await expect(Promise.all(heard)).resolves.toEqual(['answered']);
    expect(scene.sfn.answers.get('launch-1')).toMatchObject({ output: { outputs } });
  });

  it.each(['ROLLBACK_COMPLETE', 'ROLLBACK_IN_PROGRESS', 'CREATE_COMPLETE'] as const)(
    'of the failed stack that a launch is about to replace, delivered again, does not answer the launch (%s)',
    async (status) => {
      const { scene, stack } = await launched();
      failing(stack, 'InsufficientDBInstanceCapacity');
      await scene.announce(stack, 'ROLLBACK_COMPLETE');
      const ofCreation = scene.tokenOf(stack.StackId);
      const heard: Promise<unknown>[] = [];
      scene.cloudformation.before = (command) => {
        if (command === 'CreateStackCommand') heard.push(scene.event(stack.StackId, status, ofCreation));
      };
      await scene.launch('network', { taskToken: 'launch-2' });
      await expect(Promise.all(heard)).resolves.toEqual(['ignored']);
      expect(scene.sfn.answers.has('launch-2')).toBe(false);
      await scene.announce(stack, 'DELETE_COMPLETE');
      expect(scene.sfn.answers.get('launch-2')).toMatchObject({ error: 'TransientStackReplaced' });
    },
  );

  it.each<[string, () => Promise<{ scene: StackScene; stack: FakeStack }>]>([
    ['deletion', deleting],
    ['replacement', replacing],
  ])('of a deletion that has failed before does not fail the %s that is under way', async (_, begin) => {
    const { scene, stack } = await begin();
    await expect(scene.event(stack.StackId, 'DELETE_FAILED', 'of an earlier request')).resolves.toBe('ignored');
    expect(scene.sfn.answers.size).toBe(0);
    await expect(scene.announce(stack, 'DELETE_COMPLETE')).resolves.toBe('answered');
  });

  it('fails the deletion that somebody else has requested, and for which the task only waits', async () => {
    const scene = new StackScene({ status: 'ROLLING_BACK' });
    const stack = scene.leftover('network', 'DELETE_IN_PROGRESS');
    await scene.delete('network');
    await expect(scene.announce(stack, 'DELETE_FAILED')).resolves.toBe('answered');
    expect(scene.sfn.answers.get('delete-1')).toMatchObject({ error: 'StackDeletionFailed' });
  });

  it('for a stack without a waiting task is ignored', async () => {
    const scene = new StackScene();
    const stack = scene.leftover('network', 'CREATE_COMPLETE');
    await expect(scene.event(stack.StackId, 'CREATE_COMPLETE')).resolves.toBe('ignored');
  });

  it('of an earlier stack with the same name answers nothing, whether or not the task knows its stack id', async () => {
    const scene = new StackScene();
    const earlier = scene.leftover('network', 'DELETE_COMPLETE');
    const heard: Promise<unknown>[] = [];
    scene.cloudformation.after = (command) => {
      if (command === 'CreateStackCommand') heard.push(scene.event(earlier.StackId, 'DELETE_COMPLETE'));
    };
    await scene.launch('network');
    heard.push(scene.event(earlier.StackId, 'DELETE_COMPLETE'));
    await expect(Promise.all(heard)).resolves.toEqual(['ignored', 'ignored']);
    expect(scene.sfn.answers.size).toBe(0);
  });

  it('for a task that has timed out removes the task', async () => {
    const { scene, stack } = await launched();
    scene.sfn.gone.add('launch-1');
    await expect(scene.announce(stack, 'CREATE_COMPLETE', outputs)).resolves.toBe('late');
    expect(scene.waiting('network')).toBeUndefined();
  });

  it('does not remove the task of a later attempt', async () => {
    const { scene, stack } = await launched();
    scene.sfn.after = () => {
      scene.sfn.after = () => {};
      const later = { ...scene.waiting('network'), taskToken: 'launch-2' };
      scene.table.put(later);
    };
    await scene.announce(stack, 'CREATE_COMPLETE', outputs);
    expect(scene.waiting('network')?.taskToken).toBe('launch-2');
  });

  it('is answered once although its function dies at each call and the event is repeated', async () => {
    const deaths = await dieAtEachCall(
      () => {
        const scene = new StackScene({ status: 'ROLLING_BACK' });
        const stack = scene.leftover('network', 'DELETE_COMPLETE');
        const waiting = {
          pk: `STACK#${stack.StackName}`,
          sk: 'WAIT',
          stackName: stack.StackName,
          operation: 'delete',
          taskToken: 'delete-1',
          executionArn: 'arn:execution',
          tenantId: 't1',
          stack: 'network',
          templateVersion: '',
          stackId: stack.StackId,
          since: '2030-01-01T12:00:00.000Z',
        };
        scene.table.put(waiting);
        return { scene, stack, fakes: scene.fakes, run: () => scene.event(stack.StackId, 'DELETE_COMPLETE') };
      },
      async ({ scene, stack }) => {
        await scene.event(stack.StackId, 'DELETE_COMPLETE');
        expect([...scene.sfn.answers]).toEqual([['delete-1', { output: {} }]]);
        expect(scene.waiting('network')).toBeUndefined();
      },
    );
    expect(deaths).toContain('after SendTaskSuccessCommand');
  });
});
