import type { Client } from 'pg';
import { newSignup } from '../../local/signups';
import { keepLead } from '../../service/leads';
import { ReleaseStage } from '../releases/stage';
import { type Figure, percentile } from '../support/figures';
import { crowdFigures } from './lead-crowd';
import { type Answered, LeadClient, newLead } from './lead-load';
import { outageFigures } from './lead-outages';
import { troubleFigures } from './lead-troubles';
import { serverFigures } from './stopped-server';
import { TenantDoor } from './tenant-door';
import { Visitor } from './visitor';

const ROUNDS = 20;
const A_ROUND = 25;
/** V8 compiles for speed what has run often: a task that serves has. */
const WARM_ROUNDS = 40;

async function timed(times: number[], work: () => Promise<unknown>): Promise<void> {
  const began = performance.now();
  await work();
  times.push(performance.now() - began);
}

/** @throws Error for an answer that is no success: a refusal is soon given. */
async function answeredWell(answer: Promise<Answered>): Promise<void> {
  const { status } = await answer;
  if (status !== 200 && status !== 201) throw new Error(`the shared service answered ${status || 'nothing'}`);
}

/** The statement of the shared service, in a session of a script. */
async function insert(script: Client): Promise<void> {
  if (!(await keepLead(script, newLead()))) throw new Error('the lead is not kept');
}

/** One login for one lead, as a script does that is called for each. */
async function insertOnce(door: TenantDoor): Promise<void> {
  const script = await door.script();
  await insert(script);
  await script.end();
}

/**
 * A lead by the platform against the same INSERT by a script through the same front, warm and in turn. No script goes through
 * a load balancer and a service: the way to the service and back is measured alone, too.
 */
async function leadFigures(loadBalancerUrl: string, door: TenantDoor): Promise<Figure[]> {
  const script = await door.script();
  const visitor = await Visitor.at(loadBalancerUrl);
  const [leads, inserts, ways, logins]: [number[], number[], number[], number[]] = [[], [], [], []];
  const turns: [number[], () => Promise<unknown>][] = [
    [leads, () => answeredWell(visitor.send(door.host, newLead()))],
    [inserts, () => insert(script)],
    [ways, () => answeredWell(visitor.form(door.host))],
    [logins, () => insertOnce(door)],
  ];
  const frequent = turns.filter(([times]) => times !== logins);
  for (let round = 0; round < WARM_ROUNDS; round += 1)
    for (const [, work] of frequent) for (let n = 0; n < A_ROUND; n += 1) await work();
  for (let round = 0; round < ROUNDS; round += 1)
    for (const [times, work] of turns) for (let n = 0; n < A_ROUND; n += 1) await timed(times, work);
  await script.end();
  visitor.leave();
  const parts = ways.map((way, n) => way + (inserts[n] ?? Number.NaN));
  const figures = (p: number, atMost: number): Figure[] => {
    const lead = percentile(leads, p);
    const of = (times: number[]) => `${percentile(times, p).toFixed(2)} ms`;
    const note = `${of(leads)}; the way without a database ${of(ways)}, INSERT ${of(inserts)}, login and INSERT ${of(logins)}; ${leads.length} each, in turn`;
    return [
      {
        name: `a lead, beside the same INSERT by a script, p${p}`,
        ...{ value: lead / percentile(inserts, p), unit: 'times', limit: { atMost }, note },
      },
      {
        name: `a lead, beside the way to the service and the same INSERT by a script, p${p}`,
        ...{ value: lead / percentile(parts, p), unit: 'times' },
      },
    ];
  };
  return [...figures(50, 1.5), ...figures(99, 2)];
}

/**
 * Tenants' databases in use, through load balancer and shared service.
 *
 * @param tenants in service, each with a database of its own
 * @param seconds of the load over all of them
 */
export async function databaseFigures(
  tenants: number,
  seconds: number,
  say: (line: string) => void,
): Promise<Figure[]> {
  const stage = await ReleaseStage.start(0);
  const { loadBalancerUrl } = stage.platform.outputs;
  const client = new LeadClient(loadBalancerUrl);
  try {
    const more = Array.from({ length: Math.max(0, tenants - stage.hosts.length) }, (_, n) =>
      newSignup({ companyName: `Crowd ${n}`, subdomain: `crowd-${n}`, plan: n % 2 ? 'growth' : 'enterprise' }),
    );
    if (more.length > 0) await stage.signups.burst(more);
    const hosts = [...stage.hosts, ...more.map(({ subdomain }) => `${subdomain}.${stage.connection.domain}`)];
    say(`  ${hosts.length} tenants in service`);
    const doors = await Promise.all(hosts.map((host) => TenantDoor.of(stage, host)));
    const [first, ...others] = doors;
    if (!first) throw new Error('no tenant is in service');
    const figures: Figure[] = [];
    for (const part of [
      () => leadFigures(loadBalancerUrl, first),
      () => serverFigures(stage, first),
      () => troubleFigures(stage, client, { troubled: first, others: others.slice(0, 4) }, seconds / 6),
      () => outageFigures(stage, client, first),
      () => crowdFigures(stage, client, doors, seconds),
    ]) {
      const measured = await part();
      for (const { name, value, unit, note = '' } of measured) say(`  ${name}: ${value.toFixed(2)} ${unit}; ${note}`);
      figures.push(...measured);
    }
    return figures;
  } finally {
    client.close();
    await stage.stop();
  }
}
