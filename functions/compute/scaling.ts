import {
  type ApplicationAutoScalingClient,
  DescribeScalableTargetsCommand,
  RegisterScalableTargetCommand,
  type ScalableTarget,
} from '@aws-sdk/client-application-auto-scaling';
import { type CellDescriptor, type Colour, ColourSchema } from '../contract/cell';

export type Scaling = Pick<ApplicationAutoScalingClient, 'send'>;

type ScaledCell = Pick<CellDescriptor, 'clusterName' | 'services' | 'liveTasks'>;

const OF_ECS = { ServiceNamespace: 'ecs', ScalableDimension: 'ecs:service:DesiredCount' } as const;

const resourceOf = ({ clusterName, services }: ScaledCell, colour: Colour) =>
  `service/${clusterName}/${services[colour]}`;

/** How a colour should scale. `minimum` is left as it is when undefined. */
interface Wanted {
  readonly suspended: boolean;
  readonly minimum: number | undefined;
}

const isAsWanted = ({ SuspendedState, MinCapacity }: ScalableTarget, { suspended, minimum }: Wanted) =>
  (SuspendedState?.DynamicScalingInSuspended ?? false) === suspended &&
  (minimum === undefined || MinCapacity === minimum);

/** @returns the colours that were changed */
async function setScaling(
  scaling: Scaling,
  cell: ScaledCell,
  wantedOf: (target: ScalableTarget) => Wanted,
): Promise<readonly Colour[]> {
  const ResourceIds = ColourSchema.options.map((colour) => resourceOf(cell, colour));
  const { ScalableTargets = [] } = await scaling.send(new DescribeScalableTargetsCommand({ ...OF_ECS, ResourceIds }));
  const changed: Colour[] = [];
  for (const colour of ColourSchema.options) {
    const ResourceId = resourceOf(cell, colour);
    const target = ScalableTargets.find((each) => each.ResourceId === ResourceId);
    const wanted = target && wantedOf(target);
    if (!wanted || isAsWanted(target, wanted)) continue;
    const SuspendedState = { DynamicScalingInSuspended: wanted.suspended };
    await scaling.send(
      new RegisterScalableTargetCommand({ ...OF_ECS, ResourceId, SuspendedState, MinCapacity: wanted.minimum }),
    );
    changed.push(colour);
  }
  return changed;
}

/**
 * Lets neither colour of a cell lose a task. Rings leave the former colour while a return may need all
 * of its tasks, and the new one has its tasks before it has requests. Both may still get more tasks.
 *
 * "RegisterScalableTarget": a target that exists keeps what the request does not name.
 *
 * @param minimum tasks below which no colour is scaled; without it the minimum stays, and so it does
 * in a cell that does not say which one to bring back
 * @returns the colours that were changed: none when all is so already
 */
export const holdScaling = (scaling: Scaling, cell: ScaledCell, minimum?: number): Promise<readonly Colour[]> =>
  setScaling(scaling, cell, ({ MaxCapacity = minimum }) => ({
    suspended: true,
    minimum: minimum === undefined || !cell.liveTasks ? undefined : Math.min(minimum, MaxCapacity ?? minimum),
  }));

/**
 * Lets both colours of a cell scale again, as the template says.
 *
 * @returns the colours that were changed: none when all is so already
 */
export const freeScaling = (scaling: Scaling, cell: ScaledCell): Promise<readonly Colour[]> =>
  setScaling(scaling, cell, () => ({ suspended: false, minimum: cell.liveTasks?.min }));
