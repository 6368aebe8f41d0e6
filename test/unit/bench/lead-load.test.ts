import { loadOf, paced } from '../../bench/lead-load';

test('a load tells how many answers were none of those that visitors and readers want', () => {
  const statuses = [201, 200, 503, 0, 503, 401];
  const { failed, wrong } = loadOf(statuses.map((status) => ({ status, ms: 1 })));
  expect([failed, wrong]).toEqual([4, '2 x 503, 1 x no answer, 1 x 401']);
  expect(loadOf([{ status: 200, ms: 1 }])).toMatchObject({ failed: 0, wrong: '' });
});

test('a pace waits for the time, and not for the work', async () => {
  const began = performance.now();
  let underWay = 0;
  let most = 0;
  const work = async (n: number) => {
    underWay += 1;
    most = Math.max(most, underWay);
    await new Promise((resolve) => setTimeout(resolve, 300));
    underWay -= 1;
    return n;
  };
  expect(await paced(50, 0.2, work)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(most).toBe(10);
  expect(performance.now() - began).toBeGreaterThan(450);
});
