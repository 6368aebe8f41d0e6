import type { StackEvent } from '@aws-sdk/client-cloudformation';
import { deleteWholly, untilDeleted } from '../../../operations/client/stack-deletion';
import { type FakeStack, FakeStacks } from '../../support/fake-stacks';

type Happening = (stacks: FakeStacks, stack: FakeStack) => void;

/** A stack, and what happens in each pause of whoever waits for its end. */
function aScene(stack: Partial<FakeStack>, ...inPauses: readonly Happening[]) {
  const cloudformation = new FakeStacks();
  const found = cloudformation.add('tenant-t1-network', stack);
  const left = [...inPauses];
  const wait = async () => {
    const next = left.shift();
    if (!next) throw new Error('waits for ever');
    next(cloudformation, found);
  };
  return { cloudformation, found, left, deps: { cloudformation, wait } };
}

const nothing = () => {};
const told = ({ shown }: FakeStacks, { StackId }: FakeStack) => void shown.delete(StackId);
const gone = (stacks: FakeStacks, stack: FakeStack) => stacks.become(stack, 'DELETE_COMPLETE');
const failed = (stacks: FakeStacks, stack: FakeStack) => stacks.become(stack, 'DELETE_FAILED');

test.each(['CREATE_COMPLETE', 'UPDATE_COMPLETE', 'DELETE_FAILED'] as const)(
  'T6: a stack that is still told as %s after the request is waited for',
  async (StackStatus) => {
    const { cloudformation, found, left, deps } = aScene({ StackStatus }, nothing, told, gone);
    cloudformation.become(found, StackStatus);
    cloudformation.shown.set(found.StackId, StackStatus);
    await deleteWholly(deps, found);
    expect(left).toEqual([]);
    expect(cloudformation.living()).toEqual([]);
  },
);

test('T6: a deletion that fails is told as failed, also when an earlier one has', async () => {
  const { cloudformation, found, deps } = aScene({ StackStatus: 'CREATE_COMPLETE' }, nothing, failed);
  cloudformation.become(found, 'DELETE_FAILED');
  await expect(deleteWholly(deps, found)).rejects.toThrow('tenant-t1-network: DELETE_FAILED');
});

test('F3: a deletion that fails is told with the reason of the resource that is in the way', async () => {
  const { cloudformation, found, deps } = aScene({ StackStatus: 'CREATE_COMPLETE' }, (stacks, stack) => {
    stack.events.push({
      ResourceType: 'AWS::EC2::VPC',
      LogicalResourceId: 'Vpc',
      PhysicalResourceId: 'vpc-1',
      ResourceStatus: 'DELETE_FAILED',
      ResourceStatusReason: "The vpc 'vpc-1' has dependencies and cannot be deleted.",
      ClientRequestToken: stack.ClientRequestToken,
    } as StackEvent);
    failed(stacks, stack);
  });
  cloudformation.become(found, 'CREATE_COMPLETE');
  await expect(deleteWholly(deps, found)).rejects.toThrow(
    "AWS::EC2::VPC Vpc: The vpc 'vpc-1' has dependencies and cannot be deleted. (vpc-1)",
  );
});

describe('a deletion that somebody else has begun a moment before, and that fails,', () => {
  const asked = ({ calls }: FakeStacks) => calls.filter((name) => name === 'DeleteStackCommand').length;
  const minute = Array.from({ length: 120 }, () => nothing);

  /** The request finds the other's deletion under way, whose events alone tell how it ends. */
  function afterOthers(...inPauses: Happening[]) {
    const scene = aScene({ StackStatus: 'CREATE_COMPLETE' }, nothing, failed, ...inPauses);
    const { cloudformation, found } = scene;
    cloudformation.before = (command) => {
      if (command !== 'DeleteStackCommand' || asked(cloudformation) > 0) return;
      found.ClientRequestToken = 'of-the-other';
      cloudformation.become(found, 'DELETE_IN_PROGRESS');
    };
    return scene;
  }

  test('is asked for again after a minute in which no event tells of the own request', async () => {
    const { cloudformation, deps, found, left } = afterOthers(...minute, gone);
    await deleteWholly(deps, found);
    expect([left, cloudformation.living(), asked(cloudformation)]).toEqual([[], [], 2]);
  });

  test('is told as failed when the own one fails, too', async () => {
    const { deps, found, left } = afterOthers(...minute, failed);
    await expect(deleteWholly(deps, found)).rejects.toThrow('tenant-t1-network: DELETE_FAILED');
    expect(left).toEqual([]);
  });

  test('is given up when no event ever tells of an own request', async () => {
    const { cloudformation, deps, found } = afterOthers(...minute, ...minute, ...minute);
    cloudformation.after = (command) => {
      if (command === 'DeleteStackCommand' && asked(cloudformation) > 1) failed(cloudformation, found);
      found.events.length = 0;
    };
    await expect(deleteWholly(deps, found)).rejects.toThrow(
      'tenant-t1-network is DELETE_FAILED: its events tell nothing of',
    );
    expect(asked(cloudformation)).toBe(3);
  });
});

test('a request of which an event tells is not made again, however long the stack is told as it was', async () => {
  const long = Array.from({ length: 500 }, () => nothing);
  const { cloudformation, found, left, deps } = aScene({ StackStatus: 'CREATE_COMPLETE' }, ...long, told, gone);
  cloudformation.shown.set(found.StackId, 'CREATE_COMPLETE');
  await deleteWholly(deps, found);
  expect(left).toEqual([]);
  expect(cloudformation.calls.filter((name) => name === 'DeleteStackCommand')).toHaveLength(1);
});

test('the deletion of a teardown that has stopped is waited for', async () => {
  const { deps, found } = aScene({ StackStatus: 'DELETE_IN_PROGRESS' }, nothing, gone);
  await expect(untilDeleted(deps, found.StackName)).resolves.toBeUndefined();
});
