import { DescribeServicesCommand, ECSClient } from '@aws-sdk/client-ecs';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { readClaim } from '../../functions/delivery/release-store';
import { ReleasePipeline } from '../../local/release-pipeline';
import { pushVersion } from '../../local/service-versions';
import { ReleasedCell } from '../support/released-cell';

let released: ReleasedCell;

beforeAll(async () => {
  released = await ReleasedCell.start();
}, 180_000);
afterAll(() => released?.stop());

test('a release reaches every tenant ring by ring, and no visitor’s request fails', async () => {
  const { digest, releaseId, run, visits } = await released.release('good');
  expect([run.status, run.failure]).toEqual(['SUCCEEDED', undefined]);
  expect(await released.live()).toMatchObject({ colour: 'green', digest, releaseId });
  expect(visits.failed).toBe(0);
  expect(visits.requests).toBeGreaterThan(100);
  // The version before, and the new one: never a third.
  expect([...visits.answers.keys()]).toEqual([expect.not.stringContaining(digest), `200 ${digest}`]);
  const claim = await readClaim(released.client.table, released.cell.name);
  expect(claim).toMatchObject({
    outcome: 'completed',
    rings: [
      { ring: 1, tenants: 2 },
      { ring: 3, tenants: 2 },
    ],
  });
}, 120_000);

test('the same release, started again, does nothing; a release of a cell that another one has fails and names it', async () => {
  const { digest, releaseId } = (await readClaim(released.client.table, released.cell.name)) ?? {};
  const request = { cell: released.cell.name, digest, releaseId };
  const stateMachineArn = released.platform.outputs.releaseMachineArn;
  const again = await released.client.follow(await released.client.start(request, { stateMachineArn }));
  expect([again.status, await released.live()]).toEqual([
    'SUCCEEDED',
    expect.objectContaining({ colour: 'green', digest }),
  ]);
  const first = await released.begin('good');
  const second = await released.begin('good');
  const ended = await Promise.all([first, second].map(({ executionArn }) => released.client.follow(executionArn)));
  const [lost] = ended.filter(({ status }) => status === 'FAILED');
  expect(ended.map(({ status }) => status).sort()).toEqual(['FAILED', 'SUCCEEDED']);
  expect(lost?.failure).toMatchObject({ error: 'ReleaseUnderWay', reason: expect.stringContaining('has cell c1') });
}, 120_000);

test('KeepCells removes the former colour’s tasks when its time is over', async () => {
  const lambda = new LambdaClient(released.platform.aws);
  const keep = () =>
    lambda.send(new InvokeCommand({ FunctionName: released.platform.outputs.keepCellsFunctionName, Payload: '{}' }));
  const desired = async () => {
    const services = [released.cell.services.blue, released.cell.services.green];
    const answer = await new ECSClient(released.platform.aws).send(
      new DescribeServicesCommand({ cluster: released.cell.clusterName, services }),
    );
    return answer.services?.map(({ desiredCount = 0 }) => desiredCount) ?? [];
  };
  expect(Math.min(...(await desired()))).toBeGreaterThan(0);
  const deadline = Date.now() + 30_000;
  while (Math.min(...(await desired())) > 0 && Date.now() < deadline) {
    expect((await keep()).FunctionError).toBeUndefined();
    await new Promise((resolve) => setTimeout(resolve, 2_000));
  }
  const [idle, serving] = [Math.min(...(await desired())), Math.max(...(await desired()))];
  expect([idle, serving > 0]).toEqual([0, true]);
}, 120_000);

test('a change of the service that is pushed and approved reaches every tenant through the pipeline', async () => {
  const pipeline = new ReleasePipeline(released.platform.aws);
  // The images of the tests above have been pushed, too, and their executions wait.
  await pipeline.clear('the test pushes another image');
  const since = new Date();
  const digest = await pushVersion(released.platform, 'good', 'pushed');
  const execution = await pipeline.begun(digest, since);
  const approval = await pipeline.approvalOf(execution);
  if (approval === 'none') throw new Error('the execution has ended without an approval');
  expect(await released.live()).not.toMatchObject({ digest });
  await pipeline.approve(approval, 'seen in dev');
  expect(await pipeline.ended(execution)).toBe('Succeeded');
  expect(await released.live()).toMatchObject({ digest, releaseId: `p-${execution}` });
  const visitors = released.visitors(5);
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect([...(await visitors.stop()).answers.keys()]).toEqual([`200 ${digest}`]);
}, 120_000);
