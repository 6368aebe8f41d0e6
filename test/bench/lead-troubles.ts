import { setTimeout as pause } from 'node:timers/promises';
import {
  DescribeDBInstancesCommand,
  RDSClient,
  StartDBInstanceCommand,
  StopDBInstanceCommand,
} from '@aws-sdk/client-rds';
import { DATABASE_NAME, DATABASE_OWNER, DATABASE_SCHEMA, tenantNames } from '../../functions/contract/naming';
import type { ReleaseStage } from '../releases/stage';
import { type Figure, percentile } from '../support/figures';
import { type Answered, type LeadClient, loadOf, newLead, paced } from './lead-load';
import type { TenantDoor } from './tenant-door';

const PER_SECOND = 40;
/** The tenant in trouble has as many visitors as before, and more. */
const TROUBLED_PER_SECOND = 20;
const ROUNDS = 2;

interface Trouble {
  readonly name: string;
  /** @returns what ends the trouble */
  readonly begin: (door: TenantDoor, rds: RDSClient) => Promise<() => Promise<unknown>>;
}

async function becomes(rds: RDSClient, { instance: DBInstanceIdentifier }: TenantDoor, status: string): Promise<void> {
  for (;;) {
    const { DBInstances = [] } = await rds.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier }));
    if (DBInstances[0]?.DBInstanceStatus === status) return;
    await pause(100);
  }
}

/** By statements of the master user, whose session undoes them. */
const byStatements =
  (statements: (door: TenantDoor) => readonly string[], undo: readonly string[]): Trouble['begin'] =>
  async (door) => {
    const master = await door.master();
    for (const statement of statements(door)) await master.query(statement);
    return async () => {
      for (const statement of undo) await master.query(statement);
      await master.end();
    };
  };

const AS_OWNER = `SET ROLE ${DATABASE_OWNER}; SET search_path = ${DATABASE_SCHEMA}`;

const TROUBLES: readonly Trouble[] = [
  {
    name: 'stopped',
    begin: async (door, rds) => {
      const { instance: DBInstanceIdentifier } = door;
      await rds.send(new StopDBInstanceCommand({ DBInstanceIdentifier }));
      await becomes(rds, door, 'stopped');
      return async () => {
        await rds.send(new StartDBInstanceCommand({ DBInstanceIdentifier }));
        await becomes(rds, door, 'available');
      };
    },
  },
  {
    name: 'slow',
    begin: byStatements(() => [AS_OWNER, 'BEGIN', 'LOCK TABLE leads IN ACCESS EXCLUSIVE MODE'], ['ROLLBACK']),
  },
  {
    // What PostgreSQL answers when no block can be added to a file ("PostgreSQL Error Codes", disk_full).
    name: 'full',
    begin: byStatements(
      () => [
        AS_OWNER,
        `CREATE OR REPLACE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
          $$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$`,
        'CREATE TRIGGER full_disk BEFORE INSERT ON leads FOR EACH ROW EXECUTE FUNCTION full_disk()',
      ],
      ['DROP TRIGGER full_disk ON leads', 'DROP FUNCTION full_disk'],
    ),
  },
  {
    name: 'out of connections',
    begin: byStatements(
      ({ route: { tenantId } }) => [
        `ALTER DATABASE ${DATABASE_NAME} CONNECTION LIMIT 0`,
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE usename IN ('${tenantNames.databaseUser(tenantId)}', '${tenantNames.databaseReader(tenantId)}')`,
      ],
      [`ALTER DATABASE ${DATABASE_NAME} CONNECTION LIMIT -1`],
    ),
  },
];

interface Subjects {
  readonly troubled: TenantDoor;
  readonly others: readonly TenantDoor[];
}

/** Reads and writes of some tenants, evenly. */
async function load(client: LeadClient, doors: readonly TenantDoor[], perSecond: number, seconds: number) {
  const tokens = await Promise.all(doors.map((door) => door.readerToken()));
  return await paced(perSecond, seconds, (n) => {
    const at = Math.floor(n / 2) % doors.length;
    const host = doors[at]?.host ?? '';
    return n % 2 ? client.list(host, tokens[at] ?? '') : client.send(host, newLead());
  });
}

/** One tenant's database is in trouble, and is asked all the time; how do the others fare beside before? */
export async function troubleFigures(
  stage: ReleaseStage,
  client: LeadClient,
  { troubled, others }: Subjects,
  seconds: number,
): Promise<Figure[]> {
  const rds = new RDSClient(stage.platform.aws);
  const figures: Figure[] = [];
  const both = (): Promise<[Answered[], Answered[]]> =>
    Promise.all([
      load(client, others, PER_SECOND, seconds / ROUNDS),
      load(client, [troubled], TROUBLED_PER_SECOND, seconds / ROUNDS),
    ]);
  for (const { name, begin } of TROUBLES) {
    const [before, during, own]: [Answered[], Answered[], Answered[]] = [[], [], []];
    for (let round = 0; round < ROUNDS; round += 1) {
      before.push(...(await both())[0]);
      const end = await begin(troubled, rds);
      const [theirs, its] = await both();
      during.push(...theirs);
      own.push(...its);
      await end();
    }
    const p99 = (answers: readonly Answered[]) =>
      percentile(
        answers.map(({ ms }) => ms),
        99,
      );
    const { failed, wrong } = loadOf([...before, ...during]);
    const [was, is] = [p99(before), p99(during)];
    figures.push(
      {
        name: `failed requests of other tenants, one tenant's database ${name}`,
        ...{ value: failed, unit: 'requests', limit: { exactly: 0 } },
        note: `of ${before.length + during.length}${wrong && `: ${wrong}`}; its own: ${loadOf(own).wrong || 'none failed'} of ${own.length}`,
      },
      {
        name: `p99 of other tenants beside before, one tenant's database ${name}`,
        ...{ value: is / was, unit: 'times', limit: { atMost: 1.5 } },
        note: `${was.toFixed(0)} ms, then ${is.toFixed(0)} ms`,
      },
    );
  }
  return figures;
}
