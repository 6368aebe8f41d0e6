import fc from 'fast-check';
import { routeOf, ServiceWorld } from '../../support/shared-service';

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'];
const names = fc.array(fc.constantFrom(...NAMES), { maxLength: 30 });
const someCapacity = fc.integer({ min: 1, max: 4 });

function aWorld(): ServiceWorld {
  const world = new ServiceWorld();
  for (const name of NAMES) world.add(routeOf(name), name);
  return world;
}

/** The names that stay when the one not asked for the longest time gives way: the most recent ones, each once. */
const mostRecent = (asked: readonly string[], capacity: number) => [...new Set(asked.toReversed())].slice(0, capacity);

test('keeps sessions of the tenants requested most recently, and no others', async () => {
  await fc.assert(
    fc.asyncProperty(names, someCapacity, async (asked, capacity) => {
      const world = aWorld();
      const sessions = world.sessions({ capacity });
      for (const name of asked) await sessions.of(routeOf(name));
      const kept = mostRecent(asked, capacity);
      expect(sessions.size).toBe(kept.length);
      const before = world.assumed.length;
      for (const name of kept) await sessions.of(routeOf(name));
      expect(world.assumed).toHaveLength(before);
    }),
  );
});

test('keeps routes of the hosts requested most recently, and no others', async () => {
  await fc.assert(
    fc.asyncProperty(names, someCapacity, async (asked, capacity) => {
      const world = aWorld();
      const routes = world.directory({ capacity });
      for (const name of asked) await routes.find(routeOf(name).host);
      const kept = mostRecent(asked, capacity);
      expect(routes.size).toBe(kept.length);
      const before = world.routeReads;
      for (const name of kept) await routes.find(routeOf(name).host);
      expect(world.routeReads).toBe(before);
    }),
  );
});

test('uses a session that is about to expire once and never keeps it', async () => {
  const world = aWorld();
  const sessions = world.sessions();
  world.sessionMs = 60_000;
  await sessions.of(routeOf('a'));
  expect(sessions.size).toBe(0);
  await sessions.of(routeOf('a'));
  expect(world.assumed).toHaveLength(2);
});

test('neither uses an expired session nor keeps it after a sweep', async () => {
  const world = aWorld();
  const sessions = world.sessions({ idleMs: 10_000 });
  await sessions.of(routeOf('a'));
  world.now += 10_001;
  expect(sessions.size).toBe(1);
  sessions.sweep();
  expect(sessions.size).toBe(0);
  await sessions.of(routeOf('a'));
  expect(world.assumed).toHaveLength(2);
});

test('holds no credentials of a forgotten tenant, nor after the service has closed', async () => {
  const world = aWorld();
  const sessions = world.sessions();
  for (const name of NAMES) await sessions.of(routeOf(name));
  sessions.forget(routeOf('a').tenantId);
  expect(sessions.size).toBe(NAMES.length - 1);
  sessions.clear();
  expect(sessions.size).toBe(0);
});
