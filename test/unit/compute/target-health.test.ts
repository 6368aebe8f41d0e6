import { targetHealth } from '../../../functions/compute/target-health';
import { aCell } from '../../support/builders';
import { awsError, FakeClient } from '../../support/fake-client';

const cell = aCell();
const asking = (...states: string[]) => {
  const TargetHealthDescriptions = states.map((State) => ({ TargetHealth: { State } }));
  const elb = new FakeClient({ DescribeTargetHealthCommand: { TargetHealthDescriptions } });
  return { elb, asked: targetHealth(elb).requireHealthyTarget(cell, 'green') };
};

test.each([[['healthy']], [['unhealthy', 'healthy', 'draining']]])(
  'F13: a colour with targets %s can answer',
  async (states) => {
    const { asked, elb } = asking(...states);
    await expect(asked).resolves.toBeUndefined();
    expect(elb.inputs('DescribeTargetHealthCommand')).toEqual([{ TargetGroupArn: cell.targetGroupArns.green }]);
  },
);

test.each([
  [[], 'it has no target'],
  [['initial'], 'its targets are initial'],
  [['unhealthy', 'draining'], 'its targets are unhealthy, draining'],
])('F13: a colour with targets %s cannot answer', async (states, reason) => {
  await expect(asking(...states).asked).rejects.toMatchObject({
    name: 'TransientServiceUnsteady',
    message: `the green target group of cell cell1 has no healthy target: ${reason}`,
  });
});

test('a failed DescribeTargetHealth is an error, and not an unhealthy target', async () => {
  const elb = new FakeClient({ DescribeTargetHealthCommand: awsError('ThrottlingException') });
  await expect(targetHealth(elb).requireHealthyTarget(cell, 'blue')).rejects.toMatchObject({
    name: 'ThrottlingException',
  });
});
