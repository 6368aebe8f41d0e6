import { ECSClient, UpdateServiceCommand } from '@aws-sdk/client-ecs';
import { DescribeTargetHealthCommand, ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import {
  ChangeResourceRecordSetsCommand,
  ListHostedZonesCommand,
  ListResourceRecordSetsCommand,
  type ResourceRecordSet,
  Route53Client,
} from '@aws-sdk/client-route-53';
import { SSMClient } from '@aws-sdk/client-ssm';
import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { ssmCells } from '../../functions/compute/ssm-cells';
import { tenantIdOf } from '../../functions/contract/naming';
import { itemKeys } from '../../functions/contract/records';
import type { Signup } from '../../functions/contract/signup';
import { openPage } from '../../local/page';
import type { Platform } from '../../local/platform';
import { newSignup } from '../../local/signups';
import { historyOf } from '../../operations/client/executions';
import { visitsOf } from '../../operations/client/progress';
import { StageClient } from '../../operations/client/stage-client';
import { localConnection } from '../../operations/stage-connection';
import { eventually } from '../support/running-stage';
import { startUnscheduled } from '../support/unscheduled-platform';

let platform: Platform;
let client: StageClient;
let dns: Route53Client;
let zoneId: string;

beforeAll(async () => {
  platform = await startUnscheduled({ cells: 2 });
  client = new StageClient(localConnection(platform.outputs));
  dns = new Route53Client(platform.aws);
  const { HostedZones: [zone] = [] } = await dns.send(new ListHostedZonesCommand({}));
  zoneId = zone?.Id ?? '';
});
afterAll(async () => {
  await platform.stop();
});

/** The next slot is looked for in that cell first, as when the cells before it are full. */
async function openCell(cell: string): Promise<void> {
  const { name: TableName, client: items } = client.table;
  await items.send(new PutCommand({ TableName, Item: { ...itemKeys.openCell(), cell } }));
}

async function statusOf({ signupId }: Signup): Promise<unknown> {
  const { name: TableName, client: items } = client.table;
  return (await items.send(new GetCommand({ TableName, Key: itemKeys.tenant(tenantIdOf(signupId)) }))).Item?.status;
}

const aSignup = (subdomain: string) => newSignup({ companyName: `Company ${subdomain}`, subdomain });

/** Begins an onboarding, and waits until it has its slot. */
async function begin(subdomain: string): Promise<string> {
  const signup = aSignup(subdomain);
  const executionArn = await client.start(signup);
  await eventually(`the record of ${subdomain}`, () => statusOf(signup));
  return executionArn;
}

const urlOf = (subdomain: string) => platform.outputs.tenantUrl.replace('SUBDOMAIN', subdomain);

async function recordsAt(subdomain: string): Promise<ResourceRecordSet[]> {
  const { ResourceRecordSets = [] } = await dns.send(new ListResourceRecordSetsCommand({ HostedZoneId: zoneId }));
  return ResourceRecordSets.filter(({ Name }) => Name === `${subdomain}.${platform.outputs.domain}.`);
}
const leadsTo = async (subdomain: string) =>
  (await recordsAt(subdomain)).find(({ Type }) => Type === 'A')?.AliasTarget?.DNSName?.replace(/\.$/, '');

test('D1: a tenant of either cell answers at its own URL, whose name points to its cell’s load balancer', async () => {
  const { c1, c2 } = platform.deployment.cells;
  await openCell('c1');
  const inOne = await begin('in-one');
  await openCell('c2');
  const inTwo = await begin('in-two');
  const [first, second] = await Promise.all([client.follow(inOne), client.follow(inTwo)]);
  expect([first.status, second.status]).toEqual(['SUCCEEDED', 'SUCCEEDED']);
  expect([await leadsTo('in-one'), await leadsTo('in-two')]).toEqual([
    c1?.loadBalancerDnsName,
    c2?.loadBalancerDnsName,
  ]);
  expect(second.output).toMatchObject({ url: urlOf('in-two') });
  await expect(openPage(urlOf('in-one'))).resolves.toMatchObject({
    status: 200,
    body: expect.stringContaining('Company in-one'),
  });
  await expect(openPage(urlOf('in-two'))).resolves.toMatchObject({
    status: 200,
    body: expect.stringContaining('Company in-two'),
  });
});

test('D1: a host that already points elsewhere fails the run before anything is built, and keeps its record', async () => {
  const foreign: ResourceRecordSet = {
    Name: `elsewhere.${platform.outputs.domain}`,
    Type: 'A',
    TTL: 60,
    ResourceRecords: [{ Value: '192.0.2.1' }],
  };
  await dns.send(
    new ChangeResourceRecordSetsCommand({
      HostedZoneId: zoneId,
      ChangeBatch: { Changes: [{ Action: 'CREATE', ResourceRecordSet: foreign }] },
    }),
  );
  const before = await recordsAt('elsewhere');
  const { status, failure, visits } = await client.follow(await client.start(aSignup('elsewhere')));
  expect([status, failure?.error]).toEqual(['FAILED', 'NameOccupied']);
  expect(visits.map(({ state }) => state)).not.toContain('CreateTenantKey');
  expect(await recordsAt('elsewhere')).toEqual(before);
});

describe('a cell whose live colour has no healthy target', () => {
  /** Ends the tasks of the live colour, as ECS does when a service is scaled to none. @returns starts one again */
  async function withoutTasks(name: string): Promise<() => Promise<unknown>> {
    const ecs = new ECSClient(platform.aws);
    const cells = await ssmCells(new SSMClient(platform.aws)).cells();
    const cell = cells.find((each) => each.name === name);
    const scaledTo = (desiredCount: number) =>
      ecs.send(new UpdateServiceCommand({ cluster: cell?.clusterName, service: cell?.services.blue, desiredCount }));
    const elb = new ElasticLoadBalancingV2Client(platform.aws);
    await scaledTo(0);
    await eventually('no healthy target', async () => {
      const TargetGroupArn = cell?.targetGroupArns.blue;
      const { TargetHealthDescriptions = [] } = await elb.send(new DescribeTargetHealthCommand({ TargetGroupArn }));
      return TargetHealthDescriptions.some(({ TargetHealth }) => TargetHealth?.State === 'healthy') ? undefined : true;
    });
    return () => scaledTo(1);
  }

  test('F13: a tenant is not activated or announced without a healthy target; with one it is, and its page answers', async () => {
    await openCell('c1');
    const putBack = await withoutTasks('c1');
    const signup = aSignup('acme');
    const executionArn = await client.start(signup);
    const visits = async () => visitsOf(await historyOf(client.sfn, executionArn));
    await eventually('an attempt that finds no healthy target', async () => {
      const errors = (await visits()).flatMap((visit) => visit.errors);
      return errors.includes('TransientServiceUnsteady') || undefined;
    });
    expect(await statusOf(signup)).toBe('ONBOARDING');
    const healthySince = Date.now();
    await putBack();
    expect(await client.follow(executionArn)).toMatchObject({ status: 'SUCCEEDED' });
    // Not once before, however often it was tried.
    for (const state of ['ActivateTenant', 'PublishCompletion'])
      expect((await visits()).find((visit) => visit.state === state)?.enteredAt.getTime()).toBeGreaterThan(
        healthySince,
      );
    await expect(openPage(urlOf('acme'))).resolves.toMatchObject({ status: 200 });
  });
});
