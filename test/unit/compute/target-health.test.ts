import { rememberingHealth, targetHealth } from '../../../functions/compute/target-health';
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

test('for many rules in a row a healthy colour is asked once a second, one without a healthy target each time', async () => {
  let at = 0;
  let healthy = true;
  let asked = 0;
  const requireHealthyTarget = async () => {
    asked++;
    if (!healthy) throw new Error('it has no target');
  };
  const live = async () => ({ colour: 'blue' }) as const;
  const remembering = rememberingHealth({ live, requireHealthyTarget }, () => new Date(at));
  const ask = () => remembering.requireHealthyTarget(cell, 'green');
  await ask();
  await ask();
  expect(asked).toBe(1);
  healthy = false;
  at = 1_000;
  await expect(ask()).rejects.toThrow('no target');
  await expect(ask()).rejects.toThrow('no target');
  healthy = true;
  await ask();
  await remembering.requireHealthyTarget(cell, 'blue');
  expect(asked).toBe(5);
});
