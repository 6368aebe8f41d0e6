import type { StackResource } from '@aws-sdk/client-cloudformation';
import { itemKeys, type TenantRecord } from '../../../functions/contract/records';
import { LAUNCH_LEASE } from '../../../functions/stacks/launch-stack';
import { anExecution, aWaitingTask, NOW, theStacks } from '../../support/builders';
import { dieAtEachCall } from '../../support/deaths';
import { StackScene } from '../../support/stack-scene';

const BUCKET: StackResource = {
  ...{ LogicalResourceId: 'Bucket', ResourceType: 'AWS::S3::Bucket', ResourceStatus: 'CREATE_COMPLETE' },
  Timestamp: new Date(NOW),
};

const rollingBack = (record: Partial<TenantRecord> = {}) => new StackScene({ status: 'ROLLING_BACK', ...record });

describe('DeleteStack', () => {
  it.each([
    'CREATE_IN_PROGRESS',
    'CREATE_COMPLETE',
    'CREATE_FAILED',
    'ROLLBACK_COMPLETE',
    'ROLLBACK_FAILED',
    'DELETE_FAILED',
    'REVIEW_IN_PROGRESS',
    'UPDATE_COMPLETE',
  ] as const)('deletes a stack in %s, and waits for its end', async (status) => {
    const scene = rollingBack();
    const stack = scene.leftover('network', status);
    await expect(scene.delete('network')).resolves.toEqual({ deleting: true });
    expect(stack.StackStatus).toBe('DELETE_IN_PROGRESS');
    expect(scene.sfn.answers.size).toBe(0);
    await scene.announce(stack, 'DELETE_COMPLETE');
    expect(scene.sfn.answers.get('delete-1')).toEqual({ output: {} });
    expect(scene.waiting('network')).toBeUndefined();
  });

  it.each(['UPDATE_IN_PROGRESS', 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS', 'UPDATE_ROLLBACK_IN_PROGRESS'] as const)(
    'tries again while somebody’s repair of the stack is under way (%s)',
    async (status) => {
      const scene = rollingBack();
      const stack = scene.leftover('network', status);
      await expect(scene.delete('network')).rejects.toMatchObject({
        name: 'TransientConflict',
        message: expect.stringContaining(`cannot be deleted while in status ${status}`),
      });
      await scene.announce(stack, 'UPDATE_COMPLETE');
      expect(scene.sfn.answers.size).toBe(0);
      await scene.delete('network', { taskToken: 'delete-2' });
      await scene.announce(stack, 'DELETE_COMPLETE');
      expect([...scene.sfn.answers]).toEqual([['delete-2', { output: {} }]]);
    },
  );

  it.each([
    ['was protected', { EnableTerminationProtection: true }],
    ['could not be deleted, as a late request has protected its database', {}],
  ])('D6: releases the databases of a stack that %s before it is deleted', async (_, protection) => {
    const scene = rollingBack();
    const status = 'EnableTerminationProtection' in protection ? 'CREATE_COMPLETE' : 'DELETE_FAILED';
    const stack = Object.assign(scene.leftover('database', status), protection);
    scene.rds.addOf(theStacks().database.outputs);
    for (const database of scene.rds.instances.values()) database.protectedFromDeletion = true;
    scene.cloudformation.before = (command) => {
      if (command === 'DeleteStackCommand') expect(scene.rds.protectedIds).toEqual([]);
    };
    await scene.delete('database');
    expect(stack.StackStatus).toBe('DELETE_IN_PROGRESS');
    expect(scene.rds.protectedIds).toEqual([]);
  });

  it('D6: leaves the databases protected when a newer execution takes over right before', async () => {
    const scene = rollingBack();
    Object.assign(scene.leftover('database', 'CREATE_COMPLETE'), { EnableTerminationProtection: true });
    scene.rds.addOf(theStacks().database.outputs);
    for (const database of scene.rds.instances.values()) database.protectedFromDeletion = true;
    scene.cloudformation.before = (command) => {
      if (command === 'DescribeStacksCommand') scene.become({ executionArn: anExecution('second') });
    };
    await expect(scene.delete('database')).rejects.toMatchObject({ name: 'ClaimLost' });
    expect(scene.rds.protectedIds).toEqual([...scene.rds.instances.keys()]);
  });

  it.each(['ROLLBACK_COMPLETE', 'ROLLBACK_FAILED'] as const)(
    'F2: does not delete a stack that CloudFormation is rolling back: it waits for %s, and is called again',
    async (status) => {
      const scene = rollingBack();
      const stack = scene.leftover('network', 'ROLLBACK_IN_PROGRESS');
      await expect(scene.delete('network')).resolves.toEqual({ deleting: true });
      expect(stack.StackStatus).toBe('ROLLBACK_IN_PROGRESS');
      expect(scene.cloudformation.calls).not.toContain('DeleteStackCommand');
      await scene.announce(stack, status);
      expect(scene.sfn.answers.get('delete-1')).toMatchObject({ error: 'TransientStackRolledBack' });
      await scene.delete('network', { taskToken: 'delete-2' });
      await scene.announce(stack, 'DELETE_COMPLETE');
      expect(scene.sfn.answers.get('delete-2')).toEqual({ output: {} });
      expect(scene.waiting('network')).toBeUndefined();
    },
  );

  it('F2: notices a rollback that ended before its waiting task was stored', async () => {
    const scene = rollingBack();
    const stack = scene.leftover('network', 'ROLLBACK_IN_PROGRESS');
    scene.table.after = (command) => {
      if (command === 'TransactWriteCommand') scene.cloudformation.become(stack, 'ROLLBACK_COMPLETE');
    };
    await scene.delete('network');
    expect(scene.sfn.answers.get('delete-1')).toMatchObject({ error: 'TransientStackRolledBack' });
  });

  it('T6: notices such a rollback also while DescribeStacks does not show its end', async () => {
    const scene = rollingBack();
    const stack = scene.leftover('network', 'ROLLBACK_IN_PROGRESS');
    scene.cloudformation.shown.set(stack.StackId, 'ROLLBACK_IN_PROGRESS');
    scene.table.after = (command) => {
      if (command === 'TransactWriteCommand') scene.cloudformation.become(stack, 'ROLLBACK_COMPLETE');
    };
    await scene.delete('network');
    expect(scene.sfn.answers.get('delete-1')).toMatchObject({ error: 'TransientStackRolledBack' });
    await scene.delete('network', { taskToken: 'delete-2' });
    expect(scene.sfn.answers.get('delete-2')).toMatchObject({ error: 'TransientStackRolledBack' });
    scene.cloudformation.shown.clear();
    await scene.delete('network', { taskToken: 'delete-3' });
    await scene.announce(stack, 'DELETE_COMPLETE');
    expect(scene.sfn.answers.get('delete-3')).toEqual({ output: {} });
  });

  it('T6: notices a deletion that ended before its waiting task was stored, whatever DescribeStacks shows', async () => {
    const scene = rollingBack();
    const stack = scene.leftover('network', 'DELETE_IN_PROGRESS');
    scene.cloudformation.shown.set(stack.StackId, 'DELETE_IN_PROGRESS');
    scene.table.after = (command) => {
      if (command === 'TransactWriteCommand') scene.cloudformation.become(stack, 'DELETE_COMPLETE');
    };
    await scene.delete('network');
    expect(scene.sfn.answers.get('delete-1')).toEqual({ output: {} });
  });

  it('F2: requests no second deletion of a stack that is being deleted', async () => {
    const scene = rollingBack();
    scene.leftover('network', 'DELETE_IN_PROGRESS');
    await scene.delete('network');
    expect(scene.cloudformation.calls).not.toContain('DeleteStackCommand');
  });

  it('waits for a deletion that is under way', async () => {
    const scene = rollingBack();
    const stack = scene.leftover('network', 'DELETE_IN_PROGRESS');
    await scene.delete('network');
    await scene.announce(stack, 'DELETE_COMPLETE');
    expect(scene.sfn.answers.get('delete-1')).toEqual({ output: {} });
  });

  it('answers for a stack that was gone before its waiting task was stored', async () => {
    const scene = rollingBack();
    const stack = scene.leftover('network', 'DELETE_IN_PROGRESS');
    const heard: Promise<unknown>[] = [];
    scene.table.after = (command) => {
      if (command === 'TransactWriteCommand') heard.push(scene.announce(stack, 'DELETE_COMPLETE'));
    };
    await scene.delete('network');
    await expect(Promise.all(heard)).resolves.toEqual(['ignored']);
    expect(scene.sfn.answers.get('delete-1')).toEqual({ output: {} });
  });

  it('succeeds any number of times when there never was a stack', async () => {
    const scene = rollingBack();
    await expect(scene.delete('network')).resolves.toEqual({ deleting: false });
    await expect(scene.delete('network', { taskToken: 'delete-2' })).resolves.toEqual({ deleting: false });
    scene.table.items.clear();
    await expect(scene.delete('network', { taskToken: 'delete-3' })).resolves.toEqual({ deleting: false });
    expect([...scene.sfn.answers.values()]).toEqual([{ output: {} }, { output: {} }, { output: {} }]);
    expect(scene.table.items.size).toBe(0);
  });

  it('succeeds when an earlier attempt has deleted the stack', async () => {
    const scene = rollingBack();
    const stack = scene.leftover('network', 'CREATE_COMPLETE');
    await scene.delete('network');
    await scene.announce(stack, 'DELETE_COMPLETE');
    await expect(scene.delete('network', { taskToken: 'delete-2' })).resolves.toEqual({ deleting: false });
    expect(scene.sfn.answers.get('delete-2')).toEqual({ output: {} });
  });

  it('removes the termination protection that ActivateTenant has set', async () => {
    const scene = rollingBack();
    const stack = scene.leftover('database', 'CREATE_COMPLETE');
    stack.EnableTerminationProtection = true;
    await scene.delete('database');
    expect(stack.StackStatus).toBe('DELETE_IN_PROGRESS');
  });

  it('empties the bucket first, old versions and delete markers included', async () => {
    const scene = rollingBack();
    scene.leftover('storage', 'CREATE_COMPLETE');
    scene.s3.fill(scene.bucket, 2500);
    scene.cloudformation.before = (command) => {
      if (command === 'DeleteStackCommand') expect(scene.s3.buckets.get(scene.bucket)).toEqual([]);
    };
    await scene.delete('storage');
    expect(scene.s3.buckets.get(scene.bucket)).toEqual([]);
  });

  it.each<[string, StackResource[]]>([
    ['has not made', []],
    ['could not make', [{ ...BUCKET, ResourceStatus: 'CREATE_FAILED' }]],
    ['has another than', [{ ...BUCKET, PhysicalResourceId: 'another' }]],
  ])('leaves the objects of a bucket of that name that the stack %s', async (_, resources) => {
    const scene = rollingBack();
    scene.leftover('storage', 'ROLLBACK_COMPLETE').resources = resources.map((each) => ({
      ...each,
      PhysicalResourceId: each.PhysicalResourceId ?? scene.bucket,
    }));
    scene.s3.fill(scene.bucket, 3);
    await expect(scene.delete('storage')).resolves.toEqual({ deleting: true });
    expect(scene.s3.buckets.get(scene.bucket)).toHaveLength(3);
  });

  it.each(['CREATE_COMPLETE', 'ROLLBACK_COMPLETE'] as const)(
    'leaves a %s stack of that name that somebody else has made',
    async (status) => {
      const scene = rollingBack();
      const strange = scene.leftover('storage', status);
      strange.Tags.length = 0;
      scene.s3.fill(scene.bucket, 3);
      await expect(scene.delete('storage')).resolves.toEqual({ deleting: false });
      expect(scene.sfn.answers.get('delete-1')).toEqual({ output: {} });
      expect([strange.StackStatus, scene.s3.buckets.get(scene.bucket)?.length]).toEqual([status, 3]);
    },
  );

  it('empties a bucket that was in the way of an earlier deletion', async () => {
    const scene = rollingBack();
    scene.leftover('storage', 'DELETE_FAILED').resources = [
      { ...BUCKET, PhysicalResourceId: scene.bucket, ResourceStatus: 'DELETE_FAILED' },
    ];
    scene.s3.fill(scene.bucket, 3);
    await scene.delete('storage');
    expect(scene.s3.buckets.get(scene.bucket)).toEqual([]);
  });

  it('accepts a storage stack that has no bucket yet', async () => {
    const scene = rollingBack();
    scene.leftover('storage', 'CREATE_IN_PROGRESS');
    await expect(scene.delete('storage')).resolves.toEqual({ deleting: true });
  });

  it('names the resource that could not be deleted', async () => {
    const scene = rollingBack();
    const stack = scene.leftover('network', 'CREATE_COMPLETE');
    await scene.delete('network');
    stack.events.push(
      { ResourceType: 'AWS::CloudFormation::Stack', ResourceStatus: 'DELETE_IN_PROGRESS' } as never,
      {
        ResourceType: 'AWS::EC2::VPC',
        LogicalResourceId: 'Vpc',
        ResourceStatus: 'DELETE_FAILED',
        ResourceStatusReason: 'has dependencies',
      } as never,
    );
    await scene.announce(stack, 'DELETE_FAILED');
    expect(scene.sfn.answers.get('delete-1')).toEqual({
      error: 'StackDeletionFailed',
      cause: 'AWS::EC2::VPC Vpc: has dependencies',
    });
  });

  it('waits while a launch from before the rollback may still be under way, and no longer', async () => {
    const scene = new StackScene();
    scene.cloudformation.before = (command) => {
      if (command === 'CreateStackCommand') throw new Error('the function was killed');
    };
    await expect(scene.launch('storage')).rejects.toThrow('killed');
    await scene.beginRollback();
    await expect(scene.delete('storage')).rejects.toMatchObject({ name: 'TransientLaunchInFlight' });
    expect(scene.sfn.answers.size).toBe(0);
    scene.pass(LAUNCH_LEASE / 1000 + 1);
    await expect(scene.delete('storage')).resolves.toEqual({ deleting: false });
    expect(scene.waiting('storage')).toBeUndefined();
  });

  it('leaves no stack and answers once after its death at each call and a retry', async () => {
    const deaths = await dieAtEachCall(
      () => {
        const scene = rollingBack();
        const stack = scene.leftover('storage', 'CREATE_COMPLETE');
        stack.EnableTerminationProtection = true;
        scene.s3.fill(scene.bucket, 3);
        return { scene, stack, fakes: scene.fakes, run: () => scene.delete('storage') };
      },
      async ({ scene, stack }) => {
        await scene.delete('storage', { taskToken: 'delete-2' });
        await scene.announce(stack, 'DELETE_COMPLETE');
        expect(scene.cloudformation.living()).toEqual([]);
        expect([...scene.sfn.answers]).toEqual([['delete-2', { output: {} }]]);
        expect(scene.waiting('storage')).toBeUndefined();
      },
    );
    expect(deaths).toEqual(expect.arrayContaining(['after DeleteObjectsCommand', 'after DeleteStackCommand']));
  });

  const refusals: [string, string, Partial<TenantRecord>][] = [
    ['has been ACTIVE', 'TenantIsActive', { status: 'ACTIVE', activatedAt: NOW }],
    ['was ACTIVE and is suspended', 'TenantIsActive', { status: 'SUSPENDED', activatedAt: NOW }],
    ['belongs to another execution', 'ClaimLost', { executionArn: anExecution('second') }],
  ];
  const filled = (record: Partial<TenantRecord> = {}) => {
    const scene = rollingBack(record);
    scene.leftover('storage', 'CREATE_COMPLETE');
    scene.s3.fill(scene.bucket, 3);
    return scene;
  };
  const expectUntouched = (scene: StackScene) => {
    expect(scene.stack('storage')?.StackStatus).toBe('CREATE_COMPLETE');
    expect(scene.s3.buckets.get(scene.bucket)).toHaveLength(3);
    expect(scene.sfn.answers.size).toBe(0);
  };

  it.each(refusals)('changes nothing of a tenant that %s', async (_, name, record) => {
    const scene = filled(record);
    await expect(scene.delete('storage')).rejects.toMatchObject({ name });
    expectUntouched(scene);
  });

  it.each(refusals)('G1: changes nothing when the tenant %s a moment after it was read', async (_, name, record) => {
    const scene = filled();
    scene.cloudformation.before = (command) => {
      if (command === 'DescribeStacksCommand') scene.become(record);
    };
    await expect(scene.delete('storage')).rejects.toMatchObject({ name });
    expectUntouched(scene);
  });

  it.each(refusals)(
    'G1: deletes no object and no stack when the tenant %s while the bucket is listed',
    async (_, name, record) => {
      const scene = filled();
      scene.s3.before = (command) => {
        if (command === 'ListObjectVersionsCommand') scene.become(record);
      };
      await expect(scene.delete('storage')).rejects.toMatchObject({ name });
      expectUntouched(scene);
    },
  );

  it.each(refusals)('G1: deletes no stack when the tenant %s while the bucket is emptied', async (_, name, record) => {
    const scene = filled();
    scene.s3.after = (command) => {
      if (command === 'DeleteObjectsCommand') scene.become(record);
    };
    await expect(scene.delete('storage')).rejects.toMatchObject({ name });
    expect(scene.stack('storage')?.StackStatus).toBe('CREATE_COMPLETE');
  });

  it('G1: deletes no stack when another task has replaced its own', async () => {
    const scene = filled();
    scene.s3.after = (command) => {
      if (command === 'DeleteObjectsCommand')
        scene.table.put({
          ...itemKeys.waitingTask(theStacks().storage.stackName),
          ...aWaitingTask({ stack: 'storage' }),
        });
    };
    await expect(scene.delete('storage')).rejects.toMatchObject({ name: 'ClaimLost' });
    expect(scene.stack('storage')?.StackStatus).toBe('CREATE_COMPLETE');
  });

  const LIVING: [what: string, record: Partial<TenantRecord> | undefined][] = [
    ['has no record', undefined],
    ['has a record that is younger than the stack', { createdAt: '2030-01-02T00:00:00.000Z' }],
  ];
  it.each(LIVING)('G6: does not change a protected stack when its tenant %s', async (_, record) => {
    const scene = filled(record);
    if (!record) scene.table.items.clear();
    Object.assign(scene.stack('storage') ?? {}, { EnableTerminationProtection: true });
    await expect(scene.delete('storage')).rejects.toMatchObject({ name: 'TenantRecordLost' });
    expectUntouched(scene);
  });

  it('deletes only the stack of the requested kind', async () => {
    const scene = rollingBack();
    const others = [scene.leftover('network', 'CREATE_COMPLETE'), scene.leftover('access', 'CREATE_COMPLETE')];
    scene.leftover('database', 'CREATE_COMPLETE');
    await scene.delete('database');
    expect(others.map(({ StackStatus }) => StackStatus)).toEqual(['CREATE_COMPLETE', 'CREATE_COMPLETE']);
    expect(theStacks().database.stackName).toBe(scene.stack('database')?.StackName);
  });
});
