import { loadOf, paced } from '../../bench/lead-load';

test('a load tells how many answers were none of those that visitors and readers want', () => {
  const statuses = [201, 200, 503, 0, 503, 401];
  const { failed, wrong } = loadOf(statuses.map((status) => ({ status, ms: 1 })));
  expect([failed, wrong]).toEqual([4, '2 x 503, 1 x no answer, 1 x 401']);
  expect(loadOf([{ status: 200, ms: 1 }])).toMatchObject({ failed: 0, wrong: '' });
});

test('a pace waits for the time, and not for the work', async () => {
  const began = performance.now();
  let begun = 0;
  const { promise: allBegun, resolve: open } = Promise.withResolvers<void>();
  const work = async (n: number) => {
    begun += 1;
    if (begun === 10) open();
    await allBegun;
    return n;
  };
  expect(await paced(50, 0.2, work)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  // Nine pauses of 20 ms; a timer may be a little early.
  expect(performance.now() - began).toBeGreaterThan(170);
});
