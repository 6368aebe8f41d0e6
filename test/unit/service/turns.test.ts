import { setTimeout as pause } from 'node:timers/promises';
import { Turns } from '../../../service/tenant-context/turns';

const refused = () => new Error('refused');
const LIMITS = { most: 2, mostWaiting: 3, waitMs: 60_000 };

/** Work that ends when it is told to. */
function held() {
  let end = () => {};
  const until = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { work: () => until, end };
}

test('lets some work at a time, some wait in their order, and refuses further ones', async () => {
  const turns = new Turns(LIMITS);
  const began: number[] = [];
  const works = Array.from({ length: 5 }, held);
  const done = works.map(({ work }, n) =>
    turns.run(
      'a',
      () => {
        began.push(n);
        return work();
      },
      refused,
    ),
  );
  await expect(turns.run('a', async () => 'done', refused)).rejects.toThrow('refused');
  expect(began).toEqual([0, 1]);
  works[1]?.end();
  await pause(1);
  expect(began).toEqual([0, 1, 2]);
  for (const { end } of works) end();
  await Promise.all(done);
  expect(began).toEqual([0, 1, 2, 3, 4]);
});

test('a key that is held up does not affect another one, and is forgotten when its work is done', async () => {
  const turns = new Turns({ ...LIMITS, most: 1, mostWaiting: 0 });
  const { work, end } = held();
  const holding = turns.run('a', work, refused);
  expect(await turns.run('b', async () => 'done', refused)).toBe('done');
  await expect(turns.run('a', async () => 'done', refused)).rejects.toThrow('refused');
  expect(turns.size).toBe(1);
  end();
  await holding;
  expect(turns.size).toBe(0);
});

test('refuses work whose turn does not come in time, and gives the turn to the next one', async () => {
  const turns = new Turns({ ...LIMITS, most: 1, waitMs: 20 });
  const { work, end } = held();
  const holding = turns.run('a', work, refused);
  await expect(turns.run('a', async () => 'too late', refused)).rejects.toThrow('refused');
  const next = turns.run('a', async () => 'done', refused);
  end();
  await holding;
  expect(await next).toBe('done');
  expect(turns.size).toBe(0);
});

test('work that fails gives its turn back', async () => {
  const turns = new Turns({ ...LIMITS, most: 1 });
  const failing = () => Promise.reject(new Error('of the work'));
  await expect(turns.run('a', failing, refused)).rejects.toThrow('of the work');
  expect(await turns.run('a', async () => 'done', refused)).toBe('done');
});
