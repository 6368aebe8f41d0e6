import { TenantDatabases } from '../../../service/tenant-context/tenant-databases';
import { routeOf, ServiceWorld } from '../../support/shared-service';

/** Of a server that does not run: the first ports are nobody's on a machine of today. */
const nobodyAt = (port: number) => ({ host: '127.0.0.1', port, version: '0001-leads' });

test('a server that takes no connection is not asked again at once; another tenant’s, or a new one, is', async () => {
  let now = 1;
  const databases = new TenantDatabases({ sessions: new ServiceWorld().sessions(), now: () => now });
  const ask = (name: string, port = 1) =>
    databases.repeatably(routeOf(name, { database: nobodyAt(port) }), (database) => database.query('SELECT 1'));
  const refused = { code: 'ECONNREFUSED' };
  await expect(ask('acme')).rejects.toMatchObject(refused);
  await expect(ask('acme')).rejects.toMatchObject({ name: 'DatabaseUnavailable' });
  await expect(ask('beta')).rejects.toMatchObject(refused);
  now += 251;
  await expect(ask('acme')).rejects.toMatchObject(refused);
  await expect(ask('acme', 2)).rejects.toMatchObject(refused);
});
