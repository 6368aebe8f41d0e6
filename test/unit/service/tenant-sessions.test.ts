import { routeOf, ServiceWorld } from '../../support/shared-service';

const names = Array.from({ length: 20 }, (_, n) => `tenant${n}`);

function worldOf(...subdomains: string[]) {
  const world = new ServiceWorld();
  for (const name of subdomains) world.add(routeOf(name), name);
  return world;
}

test('keeps the session of a tenant until shortly before its expiry', async () => {
  const world = worldOf('acme');
  const sessions = world.sessions({ idleMs: Number.MAX_SAFE_INTEGER });
  const route = routeOf('acme');
  const first = await sessions.of(route);
  world.now += 800_000;
  expect(await sessions.of(route)).toBe(first);
  world.now += 45_000;
  expect(await sessions.of(route)).not.toBe(first);
  expect(world.assumed).toHaveLength(2);
});

test('opens one session for simultaneous requests', async () => {
  const world = worldOf('acme');
  const sessions = world.sessions();
  await Promise.all(names.map(() => sessions.of(routeOf('acme'))));
  expect(world.assumed).toHaveLength(1);
});

test('never holds credentials of more tenants than its capacity', async () => {
  const world = worldOf(...names);
  const sessions = world.sessions({ capacity: 5 });
  for (const name of names) {
    await sessions.of(routeOf(name));
    expect(sessions.size).toBeLessThanOrEqual(5);
  }
  expect(sessions.size).toBe(5);
});

test('drops the credentials of tenants without requests', async () => {
  const world = worldOf(...names);
  const sessions = world.sessions({ idleMs: 1_000 });
  for (const name of names) await sessions.of(routeOf(name));
  world.now += 600;
  await sessions.of(routeOf('tenant0'));
  world.now += 600;
  sessions.sweep();
  expect(sessions.size).toBe(1);
});

test('tries a role that was denied again at the next request', async () => {
  const world = worldOf('acme');
  const sessions = world.sessions();
  world.refuseRoles = true;
  await expect(sessions.of(routeOf('acme'))).rejects.toThrow('AccessDenied');
  world.refuseRoles = false;
  await sessions.of(routeOf('acme'));
  expect(sessions.size).toBe(1);
});
