import { EC2Client, paginateDescribeVpcs } from '@aws-sdk/client-ec2';
import {
  ElasticLoadBalancingV2Client,
  paginateDescribeRules,
  type Rule,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { TenantRecord } from '../../functions/contract/records';
import { everyItem } from '../../functions/shared/paging';
import { requestPage } from '../../local/page';
import type { Platform } from '../../local/platform';
import type { Figure } from '../support/figures';
import { type Memory, memoryOf } from './memory';
import type { Onboardings } from './onboardings';

async function rulesOf({ aws, deployment }: Platform): Promise<Rule[]> {
  const client = new ElasticLoadBalancingV2Client(aws);
  const listeners = Object.values(deployment.cells).map(({ listenerArn: ListenerArn }) =>
    everyItem(paginateDescribeRules({ client }, { ListenerArn, PageSize: 400 }), (page) => page.Rules),
  );
  return (await Promise.all(listeners)).flat();
}

async function vpcBlocks({ aws }: Platform): Promise<string[]> {
  const vpcs = await everyItem(paginateDescribeVpcs({ client: new EC2Client(aws) }, {}), (page) => page.Vpcs);
  return vpcs.map(({ CidrBlock = '' }) => CidrBlock);
}

/** How many of these tenants do not have a seat of their own, by their records and by what AWS has for them. */
async function withoutOwnSeat(platform: Platform, tenants: readonly TenantRecord[]): Promise<number> {
  const rules = await rulesOf(platform);
  const blocks = await vpcBlocks(platform);
  const priorities = tenants.map(({ slot }) => slot?.priority);
  return tenants.filter(({ slot, host }) => {
    const own = rules.filter(({ Conditions }) =>
      Conditions?.some(({ HostHeaderConfig }) => HostHeaderConfig?.Values?.includes(host)),
    );
    const alone = priorities.filter((priority) => priority === slot?.priority).length === 1;
    const oneRule = own.length === 1 && own[0]?.Priority === String(slot?.priority);
    const oneVpc = blocks.filter((block) => block === slot?.cidr).length === 1;
    return !(alone && oneRule && oneVpc);
  }).length;
}

/** Every tenant's page once, so that the shared service has served each. @returns how many answered with theirs */
async function pagesServed({ outputs }: Platform, tenants: readonly TenantRecord[]): Promise<number> {
  let served = 0;
  for (const { host, companyName } of tenants) {
    const { status, body } = await requestPage(outputs.loadBalancerUrl, host);
    if (status === 200 && body.includes(companyName)) served += 1;
  }
  return served;
}

/** Of the processes that were there both times: how many there are is the emulator's choice. */
export function grown(what: keyof Memory, before: Memory, after: Memory) {
  const both = [...before[what].keys()].filter((pid) => after[what].has(pid));
  const sum = (memory: Memory) => both.reduce((total, pid) => total + (memory[what].get(pid) ?? 0), 0);
  const [earlier, later] = [sum(before), sum(after)];
  return {
    value: later / earlier,
    unit: 'times',
    note: `resident later ${later.toFixed(0)} MB, earlier ${earlier.toFixed(0)} MB, processes ${both.length}`,
  };
}

/** Two bursts: the first tells how fast and whether right, the second whether anything has grown with it. */
export async function burstFigures(platform: Platform, onboardings: Onboardings, signups: number): Promise<Figure[]> {
  const first = await onboardings.burst(signups);
  const shared = await withoutOwnSeat(platform, first.active);
  const served = await pagesServed(platform, first.active);
  const before = await memoryOf(platform);
  const second = await onboardings.burst(signups);
  await pagesServed(platform, second.active);
  const after = await memoryOf(platform);
  const limit = { atMost: 1.2 };
  return [
    {
      name: `${signups} signups in one burst, ACTIVE`,
      value: first.active.length,
      unit: 'tenants',
      limit: { atLeast: signups },
      note: `${served} pages served through the load balancer`,
    },
    { name: 'of them with a shared priority or CIDR', value: shared, unit: 'tenants', limit: { atMost: 0 } },
    {
      name: 'onboardings of the burst',
      value: first.active.length / first.seconds,
      unit: 'per second',
      note: `${first.seconds.toFixed(1)} s, the second burst ${second.seconds.toFixed(1)} s`,
    },
    { name: 'memory of the shared service', ...grown('service', before, after), limit },
    { name: 'memory of the functions', ...grown('functions', before, after), limit },
    { name: 'memory of the emulator, which keeps everything', ...grown('emulator', before, after) },
  ];
}
