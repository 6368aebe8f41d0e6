import { setTimeout as pause } from 'node:timers/promises';
import { DescribeDBInstancesCommand, RDSClient, RebootDBInstanceCommand } from '@aws-sdk/client-rds';
import { DATABASE_OWNER, DATABASE_SCHEMA, tenantNames } from '../../functions/contract/naming';
import type { ReleaseStage } from '../releases/stage';
import type { Figure } from '../support/figures';
import { type LeadClient, newLead, type SentLead } from './lead-load';
import type { TenantDoor } from './tenant-door';

const LEADS = 1_000;
const PER_SECOND = 40;
/** A visitor sends the same form again. */
const AGAIN_AFTER_MS = 250;
const BETWEEN_EVENTS_MS = 3_000;
/** A failover takes 60 to 120 s on AWS, and 3 to 6 here. */
const PATIENCE = 0.05;

/** Visitors who send their form again until it is acknowledged. */
class Senders {
  readonly acknowledged: SentLead[] = [];
  again = 0;
  private stopping = false;
  private readonly sending: Promise<void>;

  constructor(
    private readonly client: LeadClient,
    private readonly host: string,
  ) {
    this.sending = this.sendAll();
  }

  /** Goes on to the thousandth lead. */
  async stop(): Promise<void> {
    this.stopping = true;
    await this.sending;
  }

  private async sendAll(): Promise<void> {
    const under: Promise<void>[] = [];
    while (!this.stopping || under.length < LEADS) {
      under.push(this.one(newLead()));
      await pause(1000 / PER_SECOND);
    }
    await Promise.all(under);
  }

  private async one(lead: SentLead): Promise<void> {
    while ((await this.client.send(this.host, lead)).status !== 201) {
      this.again += 1;
      await pause(AGAIN_AFTER_MS);
    }
    this.acknowledged.push(lead);
  }
}

async function reboot(rds: RDSClient, DBInstanceIdentifier: string, ForceFailover: boolean): Promise<void> {
  await rds.send(new RebootDBInstanceCommand({ DBInstanceIdentifier, ForceFailover }));
  for (;;) {
    const { DBInstances = [] } = await rds.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier }));
    if (DBInstances[0]?.DBInstanceStatus === 'available') return;
    await pause(100);
  }
}

/** Leads while the tenant's database fails over, reboots, loses its sessions, and the service is released. */
export async function outageFigures(stage: ReleaseStage, client: LeadClient, door: TenantDoor): Promise<Figure[]> {
  const rds = new RDSClient(stage.platform.aws);
  const senders = new Senders(client, door.host);
  await pause(BETWEEN_EVENTS_MS);
  await stage.platform.emulator.setPatience(PATIENCE);
  await reboot(rds, door.instance, true);
  await pause(BETWEEN_EVENTS_MS);
  await reboot(rds, door.instance, false);
  await pause(BETWEEN_EVENTS_MS);
  await stage.platform.emulator.setPatience(0);
  const master = await door.master();
  // The service's next sessions log in with new tokens.
  await master.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1', [
    tenantNames.databaseUser(door.route.tenantId),
  ]);
  const run = await stage.follow(await stage.begin(await stage.push('good')));
  await senders.stop();
  await master.query(`SET ROLE ${DATABASE_OWNER}; SET search_path = ${DATABASE_SCHEMA}`);
  const { rows } = await master.query<{ email: string; times: number }>(
    'SELECT email, count(*)::int AS times FROM leads GROUP BY email',
  );
  await master.end();
  const times = new Map(rows.map(({ email, times }) => [email, times]));
  const { acknowledged, again } = senders;
  const lost = acknowledged.filter(({ email }) => !times.has(email)).length;
  const doubled = acknowledged.filter(({ email }) => (times.get(email) ?? 0) > 1).length;
  const note = `of ${acknowledged.length} acknowledged, ${again} answers were no acknowledgement and the form was sent again`;
  return [
    {
      name: 'leads lost in a failover, a reboot, a renewal of tokens and a release',
      ...{ value: lost, unit: 'leads', limit: { exactly: 0 }, note },
      ...(run.failure && { problems: [`the release ended ${run.failure.error}`] }),
    },
    { name: 'leads doubled meanwhile', value: doubled, unit: 'leads', limit: { exactly: 0 } },
  ];
}
