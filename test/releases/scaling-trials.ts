import { ApplicationAutoScalingClient, DescribeScalableTargetsCommand } from '@aws-sdk/client-application-auto-scaling';
import { DescribeServicesCommand, ECSClient, UpdateServiceCommand } from '@aws-sdk/client-ecs';
import { type Colour, ColourSchema, OTHER_COLOUR } from '../../functions/contract/cell';
import type { Version } from '../../local/service-versions';
import type { ReleaseStage } from './stage';
import { meanwhile, of, type Trial, untilTenantsBake } from './trial';

const resourceOf = ({ cell }: ReleaseStage, colour: Colour) => `service/${cell.clusterName}/${cell.services[colour]}`;

const resize = ({ platform, cell }: ReleaseStage, colour: Colour, desiredCount: number) =>
  new ECSClient(platform.aws).send(
    new UpdateServiceCommand({ cluster: cell.clusterName, service: cell.services[colour], desiredCount }),
  );

async function desired({ platform, cell }: ReleaseStage, colour: Colour): Promise<number | undefined> {
  const services = [cell.services[colour]];
  const answer = await new ECSClient(platform.aws).send(
    new DescribeServicesCommand({ cluster: cell.clusterName, services }),
  );
  return answer.services?.[0]?.desiredCount;
}

/** A policy decides to take all tasks that it may. */
const scaleIn = (stage: ReleaseStage, colour: Colour) =>
  stage.control('scale', { service: resourceOf(stage, colour), desired: 0 });

/** @throws Error when a colour cannot scale in, or has another minimum than the stage's */
async function requireFree(stage: ReleaseStage): Promise<void> {
  const { ScalableTargets = [] } = await new ApplicationAutoScalingClient(stage.platform.aws).send(
    new DescribeScalableTargetsCommand({
      ServiceNamespace: 'ecs',
      ResourceIds: ColourSchema.options.map((colour) => resourceOf(stage, colour)),
    }),
  );
  const held = ScalableTargets.filter(
    ({ SuspendedState, MinCapacity }) =>
      SuspendedState?.DynamicScalingInSuspended || MinCapacity !== stage.cell.liveTasks?.min,
  );
  if (ScalableTargets.length !== 2 || held.length > 0) throw new Error('scaling is not as it was before the release');
}

/** Scaling wants the tasks of both colours while a release of the version is under way. */
const scaledIn = (version: Version, expected: string, mayExpose?: true): Trial => ({
  ...{ fault: `scaling would take tasks away; image: ${version}`, phase: 'BakeRing', expected },
  ...(mayExpose && { mayExpose }),
  run: async (stage) => {
    const live = await stage.liveColour();
    await resize(stage, live, 2);
    const { digest, executionArn } = await of(stage, version);
    await untilTenantsBake(stage, executionArn);
    for (const colour of ColourSchema.options) {
      await scaleIn(stage, colour);
      if ((await desired(stage, colour)) !== 2) throw new Error(`scaling took tasks of ${colour}`);
    }
    const run = await stage.follow(executionArn);
    await requireFree(stage);
    await scaleIn(stage, await stage.liveColour());
    return { digest, run };
  },
});

/** What takes tasks away from a colour during a release. */
export const SCALING: readonly Trial[] = [
  scaledIn('good', 'completed'),
  scaledIn('customers’ pages fail now and then', 'ReleaseUnhealthy', true),
  {
    // Visitors of its first ring find nobody, until it is returned.
    ...meanwhile('somebody scales the new colour to 0', 'BakeRing', 'ReleaseUnhealthy', async (stage, executionArn) => {
      await untilTenantsBake(stage, executionArn);
      await resize(stage, OTHER_COLOUR[await stage.liveColour()], 0);
      await stage.follow(executionArn);
      await requireFree(stage);
    }),
    mayExpose: true,
  },
  {
    // Visitors of the tenants that have not moved find nobody, until the sweep or the return brings the tasks again.
    ...meanwhile('somebody scales the live colour to 0', 'BakeRing', 'ReleaseRecalled', async (stage, executionArn) => {
      await untilTenantsBake(stage, executionArn);
      const live = await stage.liveColour();
      await resize(stage, live, 0);
      await stage.releases.steer(stage.cell, 'back');
      await stage.follow(executionArn);
      if (!(await desired(stage, live))) throw new Error(`${live} has no task`);
    }),
    mayExpose: true,
  },
  {
    fault: 'somebody suspends scaling, and nobody releases',
    ...{ phase: 'none', expected: 'completed' },
    run: async (stage) => {
      const { digest, executionArn } = await of(stage, 'good');
      const run = await stage.follow(executionArn);
      await stage.holdScaling();
      await stage.keepCells();
      await requireFree(stage);
      return { digest, run };
    },
  },
];
