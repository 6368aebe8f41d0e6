import fc from 'fast-check';
import { BoundedCache } from '../../../service/bounded-cache';

test('never more than the capacity, whatever is put in', () => {
  fc.assert(
    fc.property(fc.array(fc.string()), fc.integer({ min: 1, max: 5 }), (keys, capacity) => {
      const cache = new BoundedCache<string>(capacity, () => 0);
      for (const key of keys) cache.set(key, key, 1);
      expect(cache.size).toBe(Math.min(capacity, new Set(keys).size));
      const last = keys.at(-1);
      if (last !== undefined) expect(cache.get(last)).toBe(last);
    }),
  );
});

test('the one not used for the longest time gives way', () => {
  const cache = new BoundedCache<number>(2, () => 0);
  cache.set('a', 1, 1);
  cache.set('b', 2, 1);
  cache.get('a');
  cache.set('c', 3, 1);
  expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual([1, undefined, 3]);
});

test('what has ended is neither given out nor kept', () => {
  let now = 0;
  const cache = new BoundedCache<number>(10, () => now);
  cache.set('a', 1, 10);
  cache.set('b', 2, 10);
  cache.set('c', 3, 30);
  now = 10;
  expect(cache.get('a')).toBeUndefined();
  expect(cache.size).toBe(2);
  cache.sweep();
  expect(cache.size).toBe(1);
  expect(cache.get('c')).toBe(3);
});
