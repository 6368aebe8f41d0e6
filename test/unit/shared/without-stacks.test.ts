import { setImmediate as nextTurn } from 'node:timers/promises';
import { withoutStacks } from '../../../functions/shared/without-stacks';

const framesOf = ({ stack = '' }: Error) => stack.split('\n').length - 1;
const makeError = async () => {
  await nextTurn();
  return new Error('an answer');
};

test('errors made meanwhile have no stack, and those made afterwards have', async () => {
  expect(framesOf(await withoutStacks(makeError))).toBe(0);
  expect(framesOf(new Error('later'))).toBeGreaterThan(0);
});

test('work that overlaps gives the stacks back with its last, also when it fails', async () => {
  const before = Error.stackTraceLimit;
  const failing = withoutStacks(async () => {
    await nextTurn();
    throw new Error('cut short');
  });
  const longer = withoutStacks(async () => {
    await expect(failing).rejects.toThrow('cut short');
    return makeError();
  });
  expect(framesOf(await longer)).toBe(0);
  expect(Error.stackTraceLimit).toBe(before);
});
