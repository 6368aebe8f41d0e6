import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateDBInstanceCommand, RDSClient } from '@aws-sdk/client-rds';
import { build } from 'esbuild';
import { Client } from 'pg';
import { type Emulator, startEmulator } from '../../emulator/emulator';
import { DATABASE_MASTER, DATABASE_NAME, DATABASE_OWNER, DATABASE_SCHEMA } from '../../functions/contract/naming';
import { BUNDLING } from '../../infra/function-bundles';
import type { MigrationFile } from '../../service/migrations/manifest';
import { type Figure, median } from '../support/figures';

/** A whole file of SQL at once, and the same file by the platform: so often in turn. */
const ROUNDS = 5;
const AT_ONCE = 4;
const PASSWORD = 'not-so-secret-1';

type SetUp = typeof import('../../functions/database/set-up-database').setUpDatabase;

/** SetUpDatabase as it is bundled for Lambda: SQL files are texts only to the bundler. */
async function bundled(directory: string): Promise<SetUp> {
  const { outputFiles } = await build({
    ...BUNDLING,
    format: 'cjs',
    entryPoints: ['functions/database/set-up-database.ts'],
    outdir: directory,
  });
  const [bundle] = outputFiles;
  if (!bundle) throw new Error('SetUpDatabase was not bundled');
  writeFileSync(bundle.path, bundle.contents);
  return (await import(bundle.path)).setUpDatabase;
}

async function each<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<number> {
  const queue = [...items];
  const began = performance.now();
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return performance.now() - began;
}

interface Server {
  readonly host: string;
  readonly port: number;
}

async function serversOf({ endpointUrl: endpoint, region }: Emulator, count: number): Promise<Server[]> {
  const rds = new RDSClient({ endpoint, region, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } });
  const made = Array.from({ length: count }, async (_, n) => {
    const { DBInstance } = await rds.send(
      new CreateDBInstanceCommand({
        DBInstanceIdentifier: `tenant-${n}`,
        DBInstanceClass: 'db.t4g.medium',
        Engine: 'postgres',
        DBName: DATABASE_NAME,
        MasterUsername: DATABASE_MASTER,
        MasterUserPassword: PASSWORD,
        EnableIAMDatabaseAuthentication: true,
      }),
    );
    return { host: DBInstance?.Endpoint?.Address ?? '', port: DBInstance?.Endpoint?.Port ?? 0 };
  });
  return await Promise.all(made);
}

/** What a migration does: a column with a default, and an index. */
const textOf = (name: string) =>
  `ALTER TABLE leads ADD COLUMN ${name} text NOT NULL DEFAULT ''; CREATE INDEX ${name}_index ON leads (${name})`;

/**
 * Migrations of many tenants' databases against the same statements by a script, which logs in as often,
 * and works on as many at once.
 */
export async function migrationFigures(databases: number): Promise<Figure[]> {
  const directory = mkdtempSync(join(tmpdir(), 'bench-migrations-'));
  const emulator = await startEmulator({ patience: 0 });
  try {
    const setUpDatabase = await bundled(directory);
    const ca = await emulator.databaseCertificates();
    const servers = await serversOf(emulator, databases);
    const files: MigrationFile[] = [{ name: '0001-leads-0123456789ab', text: 'CREATE TABLE leads (id int)' }];
    let broken = 0;
    const migrate = (living: boolean) => async (server: Server) => {
      const login = { tenantId: 't', ...server, user: DATABASE_MASTER, password: PASSWORD, token: '' };
      const to = files.at(-1)?.name;
      const done = setUpDatabase.run(
        { certificates: () => ca, files, copyMs: 0 },
        { ...login, applicationUser: 'app_t', readerUser: 'read_t', to, living, rolesAreMade: living },
      );
      if ((await done.catch(() => undefined))?.version !== to) broken += 1;
    };
    const bare = (text: string) => async (server: Server) => {
      const client = new Client({
        ...server,
        ...{ user: DATABASE_MASTER, password: PASSWORD, database: DATABASE_NAME, ssl: { ca } },
      });
      await client.connect();
      await client.query(`SET ROLE ${DATABASE_OWNER}; SET search_path = ${DATABASE_SCHEMA}`);
      await client.query(`BEGIN; ${text}; COMMIT`);
      await client.end();
    };
    await each(servers, migrate(false));
    const ratios: number[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      const script = await each(servers, bare(textOf(`bare_${round}`)));
      files.push({ name: `${String(round + 1).padStart(4, '0')}-round-0123456789ab`, text: textOf(`round_${round}`) });
      ratios.push((await each(servers, migrate(true))) / script);
    }
    return [
      {
        ...{ name: 'migrations against the bare SQL', value: median(ratios), unit: 'times', limit: { atMost: 1.3 } },
        note: `${databases} databases, ${AT_ONCE} at once, ${ROUNDS} files; each side logs in`,
      },
      { name: 'databases that a migration broke', value: broken, unit: 'databases', limit: { exactly: 0 } },
    ];
  } finally {
    await emulator.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}
