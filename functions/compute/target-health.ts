import {
  DescribeTargetHealthCommand,
  type ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { PlatformError } from '../contract/errors';
import type { Compute } from './compute';

/** @returns the state of each target of the group, e.g. `healthy`, `initial`, `draining` */
export async function targetStates(
  elb: Pick<ElasticLoadBalancingV2Client, 'send'>,
  TargetGroupArn: string,
): Promise<readonly string[]> {
  const { TargetHealthDescriptions = [] } = await elb.send(new DescribeTargetHealthCommand({ TargetGroupArn }));
  return TargetHealthDescriptions.map(({ TargetHealth }) => TargetHealth?.State ?? 'unknown');
}

/**
 * A colour answers when its target group has a healthy target. ECS may count a task as running whose
 * target is still `initial`, or was deregistered ("Health checks for Application Load Balancer
 * target groups").
 */
export const targetHealth = (
  elb: Pick<ElasticLoadBalancingV2Client, 'send'>,
): Pick<Compute, 'requireHealthyTarget'> => ({
  requireHealthyTarget: async (cell, colour) => {
    const states = await targetStates(elb, cell.targetGroupArns[colour]);
    if (states.includes('healthy')) return;
    const seen = states.length === 0 ? 'it has no target' : `its targets are ${states.join(', ')}`;
    throw new PlatformError(
      'TransientServiceUnsteady',
      `the ${colour} target group of cell ${cell.name} has no healthy target: ${seen}`,
    );
  },
});

const REMEMBERED_MS = 1_000;

type Asked = Pick<Compute, 'live' | 'requireHealthyTarget'>;

/**
 * For many rules in a row: a colour with a healthy target is asked again after a second. An answer
 * that it has none is not remembered.
 */
export function rememberingHealth(compute: Asked, now: () => Date = () => new Date()): Asked {
  const asked = new Map<string, { readonly at: number; readonly answer: Promise<void> }>();
  return {
    ...compute,
    requireHealthyTarget: async (cell, colour) => {
      const targetGroup = cell.targetGroupArns[colour];
      const last = asked.get(targetGroup);
      if (last && now().getTime() - last.at < REMEMBERED_MS) return await last.answer;
      const answer = compute.requireHealthyTarget(cell, colour);
      asked.set(targetGroup, { at: now().getTime(), answer });
      try {
        await answer;
      } catch (thrown) {
        asked.delete(targetGroup);
        throw thrown;
      }
    },
  };
}
