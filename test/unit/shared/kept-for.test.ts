import { keptFor } from '../../../functions/shared/kept-for';

/** Work that answers with how often it was asked, and a clock. */
function scene(isGood?: (answer: number) => boolean) {
  const clock = { now: 0 };
  let asked = 0;
  const answers: (() => Promise<number>)[] = [];
  const work = async () => {
    asked++;
    return (await answers.shift()?.()) ?? asked;
  };
  const terms = { ms: 1_000, now: () => clock.now, ...(isGood && { isGood }) };
  return { clock, answers, ask: keptFor(terms, work) };
}

test('an answer serves until its time is over', async () => {
  const { clock, ask } = scene();
  expect(await Promise.all([ask(), ask()])).toEqual([1, 1]);
  clock.now = 999;
  await expect(ask()).resolves.toBe(1);
  clock.now = 1_000;
  await expect(ask()).resolves.toBe(2);
});

test('a failure is told once, and the next caller asks again', async () => {
  const { answers, ask } = scene();
  answers.push(() => Promise.reject(new Error('no')));
  await expect(ask()).rejects.toThrow('no');
  await expect(ask()).resolves.toBe(2);
});

test('an answer that is not good is not kept', async () => {
  const { ask } = scene((answer) => answer > 1);
  expect([await ask(), await ask(), await ask()]).toEqual([1, 2, 2]);
});

test('a failure of an earlier asking does not forget the later answer', async () => {
  const { clock, answers, ask } = scene();
  let fail = (_: Error) => {};
  answers.push(() => new Promise((_, reject) => (fail = reject)));
  const early = ask();
  clock.now = 1_000;
  await expect(ask()).resolves.toBe(2);
  fail(new Error('late'));
  await expect(early).rejects.toThrow('late');
  await expect(ask()).resolves.toBe(2);
});
