import type { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { routingFacts } from '../../../functions/isolation/facts/routing-facts';
import { aCell } from '../../support/builders';
import { FakeLoadBalancer } from '../../support/fake-load-balancer';
import { aSubject } from '../../support/isolated-tenant';

function listenerWith(rules: number, capacity: number) {
  const elb = new FakeLoadBalancer();
  for (let slot = 0; slot < rules; slot++) elb.add(1000 + slot, `tenant${slot}.funnels.example`);
  const subject = aSubject({ cell: aCell({ capacity }) });
  return { elb, facts: routingFacts(elb as unknown as ElasticLoadBalancingV2Client, subject) };
}

test.each([1, 128])('one request reads the rules of a full cell: %i of 125 tenants', async (rules) => {
  const { elb, facts } = listenerWith(rules, 125);
  expect(await facts.rules()).toHaveLength(rules);
  await facts.rules();
  expect(elb.calls).toEqual(['DescribeRulesCommand']);
});

test('further requests read the rest of a larger cell', async () => {
  const { elb, facts } = listenerWith(900, 1000);
  expect(await facts.rules()).toHaveLength(900);
  expect(elb.calls).toHaveLength(3);
});

test('a listener with more rules than its cell can have is an error, not judged by a part of its rules', async () => {
  const { facts } = listenerWith(500, 100);
  await expect(facts.rules()).rejects.toThrow('more rules than its cell has room for');
});
