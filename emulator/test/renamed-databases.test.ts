import {
  CreateDBInstanceCommand,
  type DBInstance,
  DeleteDBInstanceCommand,
  DescribeDBInstancesCommand,
  ModifyDBInstanceCommand,
  type ModifyDBInstanceMessage,
  RDSClient,
} from '@aws-sdk/client-rds';
import { type Emulator, startEmulator } from '../emulator';
import { access, eventually, kindAgain, slowerThanAws } from './aws';
import { ask } from './sql';

const PASSWORD = 'not-so-secret-1';

let emulator: Emulator;
let rds: RDSClient;
let ca: string;

beforeAll(async () => {
  emulator = await startEmulator({ patience: 0 });
  rds = new RDSClient(access(emulator));
  ca = await emulator.databaseCertificates();
  for (const name of ['own', 'restored']) {
    await create(name);
    await ask(at(await described(name)), `CREATE TABLE of_${name} ()`);
  }
}, 90_000);
afterAll(() => emulator.stop());

const create = (DBInstanceIdentifier: string) =>
  rds.send(
    new CreateDBInstanceCommand({
      ...{ DBInstanceIdentifier, Engine: 'postgres', DBInstanceClass: 'db.t4g.micro', AllocatedStorage: 20 },
      ...{ MasterUsername: 'admin_of_it', MasterUserPassword: PASSWORD, DBName: 'shop' },
    }),
  );

const described = async (id: string): Promise<DBInstance> => {
  const { DBInstances } = await rds.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: id }));
  return DBInstances?.[0] ?? {};
};
const at = ({ Endpoint }: DBInstance) => ({
  ...{ host: Endpoint?.Address, port: Endpoint?.Port, database: 'shop' },
  ...{ ssl: { ca }, user: 'admin_of_it', password: PASSWORD },
});
const tables = async (instance: DBInstance) =>
  (await ask(at(instance), `SELECT relname FROM pg_class WHERE relname LIKE 'of_%'`)).map(({ relname }) => relname);

const modify = (DBInstanceIdentifier: string, message: Partial<ModifyDBInstanceMessage>) =>
  rds.send(new ModifyDBInstanceCommand({ DBInstanceIdentifier, ApplyImmediately: true, ...message }));
const rename = (id: string, NewDBInstanceIdentifier: string, ApplyImmediately = true) =>
  modify(id, { NewDBInstanceIdentifier, ApplyImmediately });

test('a renamed instance has the address of its new name, and the next one gets that of the old name', async () => {
  const [own, restored] = [await described('own'), await described('restored')];
  const sleeping = ask(at(own), 'SELECT pg_sleep(30)').catch((ended: Error) => ended);
  await eventually(async () => (await ask(at(own), `SELECT FROM pg_stat_activity WHERE query LIKE '%(30)'`))[0]);
  await rename('own', 'Own-Before');
  expect(await sleeping).toBeInstanceOf(Error);
  const before = await described('own-before');
  expect(before).toMatchObject({ DbiResourceId: own.DbiResourceId, DBInstanceStatus: 'available' });
  expect(before.DBInstanceArn).toMatch(/:db:own-before$/);
  expect(before.Endpoint?.Port).not.toBe(own.Endpoint?.Port);
  expect(await tables(before)).toEqual(['of_own']);
  await expect(tables(own)).rejects.toThrow(/ECONNREFUSED/);
  await rename('restored', 'own');
  expect((await described('own')).Endpoint).toEqual(own.Endpoint);
  expect((await described('own')).DbiResourceId).toBe(restored.DbiResourceId);
  expect(await tables(own)).toEqual(['of_restored']);
  await expect(tables(restored)).rejects.toThrow(/ECONNREFUSED/);
});

test('a rename to a name that is taken is refused', async () => {
  await expect(rename('own', 'own-before')).rejects.toMatchObject({ name: 'DBInstanceAlreadyExistsFault' });
  await expect(rename('nobody', 'x')).rejects.toMatchObject({ name: 'DBInstanceNotFoundFault' });
});

test('a rename that is not applied immediately waits for the next change that is', async () => {
  await rename('own-before', 'aside', false);
  const waiting = await described('own-before');
  expect(waiting.PendingModifiedValues).toMatchObject({ DBInstanceIdentifier: 'aside' });
  await modify('own-before', { BackupRetentionPeriod: 2 });
  expect(await described('aside')).toMatchObject({ BackupRetentionPeriod: 2, DBInstanceStatus: 'available' });
  expect((await described('aside')).PendingModifiedValues?.DBInstanceIdentifier).toBeUndefined();
});

test('a rename counts some time after the answer, and nothing else can be changed until then', async () => {
  await slowerThanAws(emulator);
  const { DBInstance } = await rename('aside', 'own-before');
  expect(DBInstance).toMatchObject({ DBInstanceIdentifier: 'aside', DBInstanceStatus: 'renaming' });
  await expect(modify('aside', { BackupRetentionPeriod: 3 })).rejects.toMatchObject({
    name: 'InvalidDBInstanceStateFault',
  });
  await expect(tables(await described('aside'))).rejects.toThrow();
  await kindAgain(emulator);
  const renamed = await eventually(() => described('own-before').catch(() => undefined));
  expect(await tables(renamed)).toEqual(['of_own']);
});

test('an instance that gets a former name back has its address again, also when another one had it meanwhile', async () => {
  const { Endpoint } = await described('own');
  await rds.send(new DeleteDBInstanceCommand({ DBInstanceIdentifier: 'own', SkipFinalSnapshot: true }));
  await rename('own-before', 'own');
  expect((await described('own')).Endpoint).toEqual(Endpoint);
  expect(await tables(await described('own'))).toEqual(['of_own']);
});
