import { deleteWholly, untilDeleted } from '../../../operations/client/stack-deletion';
import { type FakeStack, FakeStacks } from '../../support/fake-stacks';

/** A stack, and what happens in each pause of whoever waits for its end. */
function aScene(stack: Partial<FakeStack>, ...inPauses: readonly ((stacks: FakeStacks, stack: FakeStack) => void)[]) {
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

const told = ({ shown }: FakeStacks, { StackId }: FakeStack) => void shown.delete(StackId);
const gone = (stacks: FakeStacks, stack: FakeStack) => stacks.become(stack, 'DELETE_COMPLETE');
const failed = (stacks: FakeStacks, stack: FakeStack) => stacks.become(stack, 'DELETE_FAILED');

test.each(['CREATE_COMPLETE', 'UPDATE_COMPLETE', 'DELETE_FAILED'] as const)(
  'T6: a stack that is still told as %s after the request is waited for',
  async (StackStatus) => {
    const { cloudformation, found, left, deps } = aScene({ StackStatus }, () => {}, told, gone);
    cloudformation.become(found, StackStatus);
    cloudformation.shown.set(found.StackId, StackStatus);
    await deleteWholly(deps, found);
    expect(left).toEqual([]);
    expect(cloudformation.living()).toEqual([]);
  },
);

test('T6: a deletion that fails is told as failed, also when an earlier one has', async () => {
  const { cloudformation, found, deps } = aScene({ StackStatus: 'CREATE_COMPLETE' }, () => {}, failed);
  cloudformation.become(found, 'DELETE_FAILED');
  await expect(deleteWholly(deps, found)).rejects.toThrow('tenant-t1-network: DELETE_FAILED');
});

test('the deletion of a teardown that has stopped is waited for', async () => {
  const { deps, found } = aScene({ StackStatus: 'DELETE_IN_PROGRESS' }, () => {}, gone);
  await expect(untilDeleted(deps, found.StackName)).resolves.toBeUndefined();
});
