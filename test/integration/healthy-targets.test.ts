import { ECSClient, UpdateServiceCommand } from '@aws-sdk/client-ecs';
import { DescribeTargetHealthCommand, ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { SSMClient } from '@aws-sdk/client-ssm';
import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import { ssmCells } from '../../functions/compute/ssm-cells';
import { requestPage } from '../../local/page';
import { type Platform, startPlatform } from '../../local/platform';
import { newSignup, Signups } from '../../local/signups';
import { StageClient } from '../../operations/client/stage-client';
import { localConnection } from '../../operations/stage-connection';
import { eventually } from '../support/running-stage';

let platform: Platform;
let client: StageClient;

beforeAll(async () => {
  platform = await startPlatform();
  client = new StageClient(localConnection(platform.outputs));
}, 300_000);
afterAll(() => platform?.stop());

/** Ends the tasks of the live colour, as ECS does when a service is scaled to none. @returns starts one again */
async function withoutTasks(ecs: ECSClient): Promise<() => Promise<unknown>> {
  const [cell] = await ssmCells(new SSMClient(platform.aws)).cells();
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
  const putBack = await withoutTasks(new ECSClient(platform.aws));
  const signup = newSignup({ companyName: 'Acme GmbH', subdomain: 'acme' });
  const run = new Signups(localConnection(platform.outputs)).onboard(signup);
  const statusOf = async () => {
    const { Items = [] } = await client.table.client.send(
      new ScanCommand({
        TableName: client.table.name,
        FilterExpression: 'signupId = :id AND sk = :sk',
        ExpressionAttributeValues: { ':id': signup.signupId, ':sk': 'TENANT' },
      }),
    );
    return Items[0]?.status;
  };
  const seen = new Set<unknown>();
  const until = Date.now() + 20_000;
  while (Date.now() < until) {
    seen.add(await statusOf());
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  expect(seen).not.toContain('ACTIVE');
  expect(seen).toContain('ONBOARDING');
  await putBack();
  expect(await run).toMatchObject({ status: 'SUCCEEDED' });
  const { loadBalancerUrl, domain } = platform.outputs;
  expect((await requestPage(loadBalancerUrl, `acme.${domain}`)).status).toBe(200);
}, 180_000);
