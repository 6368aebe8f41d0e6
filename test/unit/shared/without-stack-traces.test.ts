import { setImmediate as nextTurn } from 'node:timers/promises';
import { withoutStackTraces } from '../../../functions/shared/without-stack-traces';

const framesOf = ({ stack = '' }: Error) => stack.split('\n').length - 1;
const makeError = async () => {
  await nextTurn();
  return new Error('an answer');
};

test('errors made inside have no stack trace, later errors have one', async () => {
  expect(framesOf(await withoutStackTraces(makeError))).toBe(0);
  expect(framesOf(new Error('later'))).toBeGreaterThan(0);
});

test('overlapping calls restore stack traces when the last one ends, also when it fails', async () => {
  const before = Error.stackTraceLimit;
  const failing = withoutStackTraces(async () => {
    await nextTurn();
    throw new Error('cut short');
  });
  const longer = withoutStackTraces(async () => {
    await expect(failing).rejects.toThrow('cut short');
    return makeError();
  });
  expect(framesOf(await longer)).toBe(0);
  expect(Error.stackTraceLimit).toBe(before);
});
