import {
  DescribeLoadBalancerAttributesCommand,
  ModifyLoadBalancerAttributesCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { SharedScene } from './surroundings-target';
import type { Revert } from './technique';

/** Sets an attribute of the cell's load balancer. @returns what gives it the value that it had */
export async function loadBalancerAttribute(
  { surroundings: { cell }, root: { elb } }: SharedScene,
  Key: string,
  Value: string,
): Promise<Revert> {
  const { loadBalancerArn: LoadBalancerArn } = cell;
  const { Attributes = [] } = await elb.send(new DescribeLoadBalancerAttributesCommand({ LoadBalancerArn }));
  const before = Attributes.find((each) => each.Key === Key)?.Value;
  const set = (to: string | undefined) =>
    elb.send(new ModifyLoadBalancerAttributesCommand({ LoadBalancerArn, Attributes: [{ Key, Value: to }] }));
  await set(Value);
  return () => set(before);
}
