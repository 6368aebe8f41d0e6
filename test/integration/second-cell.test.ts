import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  ChangeResourceRecordSetsCommand,
  ListHostedZonesCommand,
  ListResourceRecordSetsCommand,
  type ResourceRecordSet,
  Route53Client,
} from '@aws-sdk/client-route-53';
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { itemKeys } from '../../functions/contract/records';
import { openPage } from '../../local/page';
import { type Platform, startPlatform } from '../../local/platform';
import { newSignup, Signups } from '../../local/signups';
import type { Ended } from '../../operations/client/executions';
import { localConnection } from '../../operations/stage-connection';

let platform: Platform;
let dns: Route53Client;
let zoneId: string;

beforeAll(async () => {
  platform = await startPlatform({ cells: 2 });
  dns = new Route53Client(platform.aws);
  const { HostedZones: [zone] = [] } = await dns.send(new ListHostedZonesCommand({}));
  zoneId = zone?.Id ?? '';
}, 240_000);
afterAll(async () => {
  await platform.stop();
});

/** The next slot is looked for in that cell first, as when the cells before it are full. */
async function openCell(cell: string): Promise<void> {
  const client = DynamoDBDocumentClient.from(new DynamoDBClient(platform.aws));
  const Item = { ...itemKeys.openCell(), cell };
  await client.send(new PutCommand({ TableName: platform.outputs.tenantsTableName, Item }));
}

async function onboard(subdomain: string): Promise<Ended> {
  const signups = new Signups(localConnection(platform.outputs));
  return await signups.onboard(newSignup({ companyName: `Company ${subdomain}`, subdomain }));
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
  const first = await onboard('in-one');
  await openCell('c2');
  const second = await onboard('in-two');
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
}, 120_000);

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
  const { status, failure, visits } = await onboard('elsewhere');
  expect([status, failure?.error]).toEqual(['FAILED', 'NameOccupied']);
  expect(visits.map(({ state }) => state)).not.toContain('CreateTenantKey');
  expect(await recordsAt('elsewhere')).toEqual(before);
}, 60_000);
