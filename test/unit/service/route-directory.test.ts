import { DOMAIN, routeOf, ServiceWorld } from '../../support/shared-service';

const HOST = `acme.${DOMAIN}`;

test('keeps a route for five seconds at most', async () => {
  const world = new ServiceWorld();
  world.add(routeOf('acme'));
  const routes = world.directory();
  await routes.find(HOST);
  world.now += 2_500;
  await routes.find(HOST);
  expect(world.routeReads).toBe(1);
  world.routes.clear();
  world.now += 3_000;
  expect(await routes.find(HOST)).toBeUndefined();
});

const backgroundIsDone = () => new Promise(setImmediate);

test('reads the route of a tenant in use anew before its time is over, and no request waits for that', async () => {
  const world = new ServiceWorld();
  world.add(routeOf('acme'));
  const routes = world.directory();
  await routes.find(HOST);
  world.add(routeOf('acme', { status: 'SUSPENDED' }));
  world.now += 4_000;
  expect((await Promise.all([routes.find(HOST), routes.find(HOST)])).map((route) => route?.status)).toEqual([
    'ACTIVE',
    'ACTIVE',
  ]);
  await backgroundIsDone();
  expect((await routes.find(HOST))?.status).toBe('SUSPENDED');
  expect(world.routeReads).toBe(2);
});

test('a read in the background that fails leaves the answer its time, and no more', async () => {
  const world = new ServiceWorld();
  world.add(routeOf('acme'));
  const routes = world.directory();
  await routes.find(HOST);
  world.routes.set(HOST, routeOf('beta'));
  world.now += 4_000;
  expect((await routes.find(HOST))?.tenantId).toBe(routeOf('acme').tenantId);
  await backgroundIsDone();
  world.now += 1_500;
  await expect(routes.find(HOST)).rejects.toThrow(`the route item of ${HOST}`);
});

test('finds a new tenant within a second of a request that came too early', async () => {
  const world = new ServiceWorld();
  const routes = world.directory();
  expect(await routes.find(HOST)).toBeUndefined();
  await routes.find(HOST);
  expect(world.routeReads).toBe(1);
  world.add(routeOf('acme', { status: 'SETTING_UP' }));
  world.now += 1_000;
  expect((await routes.find(HOST))?.status).toBe('SETTING_UP');
  world.add(routeOf('acme'));
  world.now += 1_000;
  expect((await routes.find(HOST))?.status).toBe('ACTIVE');
});

test('reads once for simultaneous requests', async () => {
  const world = new ServiceWorld();
  world.add(routeOf('acme'));
  const routes = world.directory();
  await Promise.all([routes.find(HOST), routes.find(HOST), routes.find(HOST)]);
  expect(world.routeReads).toBe(1);
});

test('limits the memory for hosts that do not exist', async () => {
  const world = new ServiceWorld();
  const routes = world.directory({ capacity: 10 });
  for (let n = 0; n < 100; n++) await routes.find(`made-up-${n}.${DOMAIN}`);
  expect(routes.size).toBe(10);
});

test('does not keep the result of a failed read', async () => {
  const world = new ServiceWorld();
  world.add({ ...routeOf('acme'), host: 'other' });
  world.routes.set(HOST, routeOf('beta'));
  const routes = world.directory();
  await expect(routes.find(HOST)).rejects.toThrow(`the route item of ${HOST}`);
  world.add(routeOf('acme'));
  expect((await routes.find(HOST))?.tenantId).toBe(routeOf('acme').tenantId);
});
