import { CloudFormationServiceException } from '@aws-sdk/client-cloudformation';
import type { TenantRecord } from '../../../functions/contract/records';
import { STACK_KINDS } from '../../../functions/contract/stacks';
import { LAUNCH_LEASE } from '../../../functions/stacks/launch-stack';
import { anExecution, aTenant, NOW, theStacks } from '../../support/builders';
import { dieAtEachCall } from '../../support/deaths';
import { awsError } from '../../support/fake-client';
import { StackScene } from '../../support/stack-scene';

const { tenantId } = aTenant();
const { outputs } = theStacks().network;

describe('LaunchStack', () => {
  it.each(STACK_KINDS)('creates the %s stack from the published template, with the tenant’s name', async (kind) => {
    const scene = new StackScene();
    const { stackId } = await scene.launch(kind);
    expect(scene.stack(kind)).toMatchObject({
      StackId: stackId,
      StackName: `tenant-${tenantId}-${kind}`,
      TemplateURL: `https://assets.example/${kind}.json`,
      RoleARN: expect.stringContaining('tenant-onboarding-stacks'),
      Tags: [
        { Key: 'tenantId', Value: tenantId },
        { Key: 'templateVersion', Value: `${kind}-v1` },
      ],
    });
    expect(scene.sfn.answers.size).toBe(0);
  });

  it.each([
    ['CREATE_COMPLETE', false],
    ['CREATE_COMPLETE', true],
    ['ROLLBACK_COMPLETE', false],
    ['CREATE_IN_PROGRESS', false],
  ] as const)(
    'neither uses nor replaces a %s stack of that name that somebody else has made, protected: %s',
    async (status, isProtected) => {
      const scene = new StackScene();
      const strange = scene.leftover('network', status);
      strange.Tags.length = 0;
      strange.EnableTerminationProtection = isProtected;
      // An older one than the tenant's record.
      strange.CreationTime = new Date(0);
      await expect(scene.launch('network')).rejects.toMatchObject({
        name: 'StackFailed',
        message: expect.stringContaining(`is ${status} and has no tag tenantId=${tenantId}: somebody else has made it`),
      });
      expect(strange.StackStatus).toBe(status);
      expect(scene.waiting('network')).toBeUndefined();
    },
  );

  it('stores the waiting task before CreateStack, and the stack id afterwards', async () => {
    const scene = new StackScene();
    scene.cloudformation.before = (command) => {
      if (command !== 'CreateStackCommand') return;
      expect(scene.waiting('network')).toMatchObject({
        taskToken: 'launch-1',
        operation: 'launch',
        statePk: 'WAITING',
      });
      expect(scene.waiting('network')?.launchingUntil).toBeGreaterThan(Date.parse(NOW));
    };
    const { stackId } = await scene.launch('network');
    expect(scene.waiting('network')).toMatchObject({ taskToken: 'launch-1', stackId });
    expect(scene.waiting('network')).not.toHaveProperty('launchingUntil');
  });

  it('sends a request token that is unique to the attempt, valid, and does not reveal the task token', async () => {
    const [one, same, other] = [new StackScene(), new StackScene(), new StackScene()];
    const taskToken = `AQCE${'/+='.repeat(300)}`;
    await one.launch('network', { taskToken });
    await same.launch('network', { taskToken });
    await other.launch('network', { taskToken: 'another' });
    const token = one.stack('network')?.ClientRequestToken;
    expect(token).toMatch(/^[a-zA-Z0-9][-a-zA-Z0-9]{31,127}$/);
    expect(same.stack('network')?.ClientRequestToken).toBe(token);
    expect(other.stack('network')?.ClientRequestToken).not.toBe(token);
  });

  it('notices a stack that was complete before the request was answered', async () => {
    const scene = new StackScene();
    scene.cloudformation.after = (command) => {
      const stack = scene.stack('network');
      if (command === 'CreateStackCommand' && stack) scene.cloudformation.become(stack, 'CREATE_COMPLETE', outputs);
    };
    const settled: Promise<unknown>[] = [];
    scene.table.before = (command) => {
      const stack = scene.stack('network');
      if (command !== 'TransactWriteCommand' || !stack || settled.length > 0) return;
      settled.push(scene.event(stack.StackId, 'CREATE_COMPLETE'));
    };
    await scene.launch('network');
    await expect(settled[0]).resolves.toBe('answered');
    expect(scene.sfn.answers.get('launch-1')).toMatchObject({ output: { templateVersion: 'network-v1', outputs } });
    expect(scene.waiting('network')).toBeUndefined();
  });

  it('stores its stack and checks its permission again in one request', async () => {
    const scene = new StackScene();
    await scene.launch('network');
    expect(scene.table.calls).toEqual(['TransactWriteCommand', 'TransactWriteCommand']);
  });

  it('stores and checks in two requests when another transaction conflicts', async () => {
    const scene = new StackScene();
    let transactions = 0;
    scene.table.before = (command) => {
      if (command !== 'TransactWriteCommand' || ++transactions !== 2) return;
      throw Object.assign(awsError('TransactionCanceledException'), {
        CancellationReasons: [{ Code: 'None' }, { Code: 'TransactionConflict' }],
      });
    };
    const { stackId } = await scene.launch('network');
    expect(scene.waiting('network')).toMatchObject({ stackId });
    expect(scene.table.calls.slice(2)).toEqual(['UpdateCommand', 'GetCommand']);
  });

  it('T6: notices an existing stack that was complete before its task waited, whatever DescribeStacks shows', async () => {
    const scene = new StackScene();
    const stack = scene.leftover('network', 'CREATE_IN_PROGRESS');
    scene.cloudformation.shown.set(stack.StackId, 'CREATE_IN_PROGRESS');
    scene.table.before = (command) => {
      if (command === 'UpdateCommand') scene.cloudformation.become(stack, 'CREATE_COMPLETE', outputs);
    };
    await scene.launch('network');
    expect(scene.sfn.answers.get('launch-1')).toMatchObject({ error: 'TransientNotYetVisible' });
    scene.cloudformation.shown.clear();
    await scene.launch('network', { taskToken: 'launch-2' });
    expect(scene.sfn.answers.get('launch-2')).toMatchObject({ output: { outputs } });
  });

  it.each(['CREATE_COMPLETE', 'UPDATE_COMPLETE', 'UPDATE_ROLLBACK_COMPLETE'] as const)(
    'is answered at once by a stack that is already %s',
    async (status) => {
      const scene = new StackScene();
      const stack = scene.leftover('network', status);
      await expect(scene.launch('network')).resolves.toEqual({ stackId: stack.StackId });
      expect(scene.sfn.answers.get('launch-1')).toMatchObject({ output: { stackId: stack.StackId, outputs } });
      expect(scene.cloudformation.living()).toEqual([stack]);
      expect(scene.waiting('network')).toBeUndefined();
    },
  );

  it.each(['UPDATE_FAILED', 'UPDATE_ROLLBACK_FAILED'] as const)(
    'fails at once on a stack that an operator’s update has left in %s, and does not change it',
    async (status) => {
      const scene = new StackScene();
      const stack = scene.leftover('network', status);
      await scene.launch('network');
      expect(scene.sfn.answers.get('launch-1')).toMatchObject({ error: 'StackFailed' });
      expect(stack.StackStatus).toBe(status);
      expect(scene.waiting('network')).toBeUndefined();
    },
  );

  it('waits for a stack that an earlier attempt has begun', async () => {
    const scene = new StackScene();
    await scene.launch('network');
    await scene.launch('network', { taskToken: 'launch-2' });
    expect(scene.cloudformation.living()).toHaveLength(1);
    const [stack] = scene.cloudformation.living();
    if (stack) await scene.announce(stack, 'CREATE_COMPLETE', outputs);
    expect([...scene.sfn.answers.keys()]).toEqual(['launch-2']);
  });

  it.each(['CREATE_FAILED', 'ROLLBACK_COMPLETE', 'ROLLBACK_FAILED', 'DELETE_FAILED'] as const)(
    'deletes an old stack in %s, whose end makes the state machine launch again',
    async (status) => {
      const scene = new StackScene();
      const leftover = scene.leftover('network', status);
      await scene.launch('network');
      expect(leftover.StackStatus).toBe('DELETE_IN_PROGRESS');
      expect(scene.sfn.answers.size).toBe(0);
      await scene.announce(leftover, 'DELETE_COMPLETE');
      expect(scene.sfn.answers.get('launch-1')).toMatchObject({ error: 'TransientStackReplaced' });
      await scene.launch('network', { taskToken: 'launch-2' });
      expect(scene.cloudformation.living()).toEqual([scene.stack('network')]);
    },
  );

  it.each(['REVIEW_IN_PROGRESS', 'ROLLBACK_IN_PROGRESS'] as const)(
    'F6: replaces an old stack in %s at once, without waiting for its end',
    async (status) => {
      const scene = new StackScene();
      const leftover = scene.leftover('storage', status);
      await scene.launch('storage');
      expect(leftover.StackStatus).toBe('DELETE_IN_PROGRESS');
      await scene.announce(leftover, 'DELETE_COMPLETE');
      expect(scene.sfn.answers.get('launch-1')).toMatchObject({ error: 'TransientStackReplaced' });
    },
  );

  it('F6: fails at once on a status for which no event will come, and names stack and status', async () => {
    const scene = new StackScene();
    const { StackName } = scene.leftover('storage', 'IMPORT_IN_PROGRESS');
    await expect(scene.launch('storage')).rejects.toMatchObject({
      name: 'StackFailed',
      message: expect.stringContaining(`${StackName} exists and is IMPORT_IN_PROGRESS`),
    });
    expect(scene.waiting('storage')).toBeUndefined();
  });

  it.each([
    'S3 error: The specified key does not exist.\nFor more information check http://docs.aws.amazon.com/',
    'S3 error: Access Denied',
    'S3 error: The specified bucket does not exist',
    'TemplateURL must reference a valid S3 object to which you have access.',
  ])('F11: names the template that does not exist, and what brings it back (%#)', async (message) => {
    const scene = new StackScene();
    scene.cloudformation.before = (command) => {
      if (command === 'CreateStackCommand') throw awsError('ValidationError', message);
    };
    await expect(scene.launch('storage')).rejects.toMatchObject({
      name: 'ConfigurationInvalid',
      message: expect.stringMatching(
        /template of the storage stack.* https:\/\/assets.example\/storage.json: .*deployment/s,
      ),
    });
  });

  it.each([
    'S3 error: Please reduce your request rate.',
    'S3 error: We encountered an internal error. Please try again.',
    'Role arn:aws:iam::1:role/tenant-onboarding-stacks is invalid or cannot be assumed',
  ])(
    'F11: a template that S3 does not give now, or a role that IAM does not show yet, is asked for again (%#)',
    async (message) => {
      const scene = new StackScene();
      scene.cloudformation.before = (command) => {
        if (command === 'CreateStackCommand') throw awsError('ValidationError', message);
      };
      await expect(scene.launch('storage')).rejects.toMatchObject({
        name: 'TransientServiceFault',
        message: expect.stringContaining(message),
      });
    },
  );

  it('F11: throws every other error of CloudFormation unchanged', async () => {
    const scene = new StackScene();
    const refusal = awsError('ValidationError', 'Parameters: [VpcCidr] must have values');
    scene.cloudformation.before = (command) => {
      if (command === 'CreateStackCommand') throw refusal;
    };
    await expect(scene.launch('storage')).rejects.toBe(refusal);
  });

  it('waits for the end of an old stack that is already being deleted', async () => {
    const scene = new StackScene();
    const leftover = scene.leftover('network', 'DELETE_IN_PROGRESS');
    await scene.launch('network');
    await scene.announce(leftover, 'DELETE_COMPLETE');
    expect(scene.sfn.answers.get('launch-1')).toMatchObject({ error: 'TransientStackReplaced' });
  });

  it('does not mistake the earlier failed deletion of an old stack for the one that it has requested', async () => {
    const scene = new StackScene();
    const leftover = scene.leftover('network', 'DELETE_FAILED');
    scene.cloudformation.after = (command) => {
      // What is read may lag behind what was asked for.
      if (command === 'DeleteStackCommand') scene.cloudformation.become(leftover, 'DELETE_FAILED');
    };
    await scene.launch('network');
    expect(scene.sfn.answers.size).toBe(0);
  });

  it('fails with a transient error when the old stack has just disappeared', async () => {
    const scene = new StackScene();
    const leftover = scene.leftover('network', 'DELETE_IN_PROGRESS');
    scene.cloudformation.before = (command) => {
      if (command === 'DescribeStacksCommand') scene.cloudformation.become(leftover, 'DELETE_COMPLETE');
    };
    await expect(scene.launch('network')).rejects.toMatchObject({ name: 'TransientConflict' });
  });

  it('leaves one stack and one answer after its death at each call and a retry', async () => {
    const deaths = await dieAtEachCall(
      () => {
        const scene = new StackScene();
        return { scene, fakes: scene.fakes, run: () => scene.launch('network') };
      },
      async ({ scene }) => {
        await scene.launch('network', { taskToken: 'launch-2' });
        const stack = scene.stack('network');
        if (stack) await scene.announce(stack, 'CREATE_COMPLETE', outputs);
        expect(scene.cloudformation.living()).toHaveLength(1);
        expect([...scene.sfn.answers.keys()]).toEqual(['launch-2']);
        expect(scene.waiting('network')).toBeUndefined();
      },
    );
    expect(deaths).toContain('after CreateStackCommand');
  });

  it.each<[string, Partial<TenantRecord>]>([
    ['another execution’s', { executionArn: anExecution('second') }],
    ['rolling back', { status: 'ROLLING_BACK' }],
    ['ACTIVE', { status: 'ACTIVE', activatedAt: NOW }],
  ])('launches nothing for a tenant that is %s', async (_, record) => {
    const scene = new StackScene(record);
    await expect(scene.launch('network')).rejects.toMatchObject({ name: 'ClaimLost' });
    expect(scene.cloudformation.stacks).toEqual([]);
    expect(scene.waiting('network')).toBeUndefined();
  });

  it('deletes its stack again when the rollback has begun during the request', async () => {
    const scene = new StackScene();
    scene.cloudformation.after = (command) => {
      if (command === 'CreateStackCommand') scene.become({ status: 'ROLLING_BACK' });
    };
    await expect(scene.launch('storage')).rejects.toMatchObject({ name: 'ClaimLost' });
    expect(scene.stack('storage')?.StackStatus).toBe('DELETE_IN_PROGRESS');
    expect(scene.waiting('storage')).toBeUndefined();
  });

  it('leaves its stack to a new owner of the tenant, who finds it', async () => {
    const scene = new StackScene();
    scene.cloudformation.after = (command) => {
      if (command === 'CreateStackCommand') scene.become({ executionArn: anExecution('second') });
    };
    await expect(scene.launch('network')).rejects.toMatchObject({ name: 'ClaimLost' });
    const [stack] = scene.cloudformation.living();
    expect(stack?.StackStatus).toBe('CREATE_IN_PROGRESS');
    const second = { executionArn: anExecution('second'), taskToken: 'launch-2' };
    scene.cloudformation.after = () => {};
    await expect(scene.launch('network', second)).resolves.toEqual({ stackId: stack?.StackId });
  });

  describe('when CreateStack fails', () => {
    const failing = async (thrown: Error) => {
      const scene = new StackScene();
      scene.cloudformation.before = (command) => {
        if (command === 'CreateStackCommand') throw thrown;
      };
      await expect(scene.launch('network')).rejects.toBe(thrown);
      return scene;
    };
    const answered = (httpStatusCode: number, attempts: number) =>
      new CloudFormationServiceException({
        name: 'AccessDenied',
        $fault: 'client',
        $metadata: { httpStatusCode, attempts },
      });

    it('with a definite refusal, the rollback need not wait for a stack', async () => {
      const scene = await failing(answered(403, 1));
      await scene.beginRollback();
      await expect(scene.delete('network')).resolves.toEqual({ deleting: false });
    });

    it.each([
      ['CloudFormation breaks down', answered(500, 3)],
      ['a request before it went unanswered', answered(403, 2)],
      ['no answer comes', Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' })],
    ])('when %s, the rollback waits for a stack that may still appear', async (_, thrown) => {
      const scene = await failing(thrown);
      await scene.beginRollback();
      await expect(scene.delete('network')).rejects.toMatchObject({ name: 'TransientLaunchInFlight' });
      scene.pass(LAUNCH_LEASE / 1000 + 1);
      await expect(scene.delete('network')).resolves.toEqual({ deleting: false });
    });
  });
});
