import { ApplicationAutoScalingClient } from '@aws-sdk/client-application-auto-scaling';
import { ECSClient, UpdateServiceCommand } from '@aws-sdk/client-ecs';
import { SFNClient } from '@aws-sdk/client-sfn';
import { leastLive } from '../compute/ecs-services';
import { holdScaling, type Scaling } from '../compute/scaling';
import { PlatformError } from '../contract/errors';
import { FillColourInput, FillColourOutput, type Release } from '../contract/release';
import { type Action, actionHandler } from '../shared/action-handler';
import { clientOptions } from '../shared/clients';
import { env } from '../shared/env';
import { settled } from '../shared/settled';
import { tenantsTable } from '../tenants/tenants-table';
import { note, ownClaim, requireLiveColour } from './release-store';
import { describeColour, type SettleFillDeps, settleFill } from './settle-fill';

/**
 * No rollback: the breaker would bring the former version back, and announce that as a completed
 * deployment. One lucky task does not reset the count of failures.
 */
const BREAKER = {
  enable: true,
  rollback: false,
  resetOnHealthyTask: false,
  thresholdConfiguration: { type: 'COUNT', value: 3 },
} as const;

export interface FillColourDeps extends SettleFillDeps {
  readonly scaling: Scaling;
  readonly now: () => Date;
  /** How long load balancers may go on sending requests as a former rule says, seconds. */
  readonly propagationSeconds: number;
}

/**
 * A colour that tenants' rules have just left may still get their requests: nobody may meet a version
 * there that has not been probed.
 *
 * @throws PlatformError `TransientServiceUnsteady` until the time is over
 */
async function requireLeft({ table, now, propagationSeconds }: FillColourDeps, { cell, to }: Release): Promise<void> {
  const { idle } = await requireLiveColour(table, cell.name);
  if (idle?.colour !== to || now().getTime() - Date.parse(idle.since) >= propagationSeconds * 1000) return;
  const why = `tenants have left ${to} of cell ${cell.name} only at ${idle.since}: requests may still come there`;
  throw new PlatformError('TransientServiceUnsteady', why);
}

/**
 * Fills the colour that is not live with as many tasks of the new image as the live one has.
 *
 * 1. Record the task token, so that the end of the deployment can answer it. Tenants must have left
 *    the colour for as long as load balancers may not know of it.
 * 2. Suspend the scale-in of both colours, and raise their minimum to the tasks that the live one has:
 *    scaling would take tasks from the live colour when rings leave it, and from the new one before
 *    it has requests.
 * 3. Update the colour's service: ECS begins a deployment. Record the deployment's id.
 * 4. Look whether the deployment has ended meanwhile: its event may have come before the id was
 *    recorded.
 *
 * A deployment of the same task definition that is under way, or done, is waited for again.
 * No visitor's request reaches the colour. ReturnTenants leaves it as it is, for diagnosis, and lets
 * both colours scale again.
 *
 * Throws `ClaimLost`, `ConfigurationInvalid`, `TransientServiceUnsteady`. The task fails as `ReleaseFillFailed` when the tasks do not become
 * healthy ("DeploymentCircuitBreaker" of the Amazon ECS API reference).
 */
export const fillColour: Action<typeof FillColourInput, typeof FillColourOutput, FillColourDeps> = {
  name: 'FillColour',
  input: FillColourInput,
  output: FillColourOutput,
  run: async (deps, { release, executionArn, taskDefinition, taskToken }) => {
    const { table, ecs, scaling } = deps;
    const { cell, from, to } = release;
    await ownClaim(table, { release, executionArn });
    await requireLeft(deps, release);
    const waiting = { for: 'fill', taskToken } as const;
    await note(table, cell.name, executionArn, { phase: 'FillColour', waiting });
    const [live, idle] = await settled([describeColour(ecs, cell, from), describeColour(ecs, cell, to)]);
    const desiredCount = Math.max(live.desiredCount ?? 0, leastLive(cell));
    await holdScaling(scaling, cell, desiredCount);
    const primary = idle.deployments?.find(({ status }) => status === 'PRIMARY');
    const begun =
      primary?.taskDefinition === taskDefinition &&
      primary.rolloutState !== 'FAILED' &&
      (idle.desiredCount ?? 0) >= desiredCount;
    const { service } = begun
      ? { service: idle }
      : await ecs.send(
          new UpdateServiceCommand({
            cluster: cell.clusterName,
            service: cell.services[to],
            taskDefinition,
            desiredCount,
            forceNewDeployment: true,
            deploymentConfiguration: {
              minimumHealthyPercent: 100,
              maximumPercent: 200,
              deploymentCircuitBreaker: BREAKER,
            },
          }),
        );
    const deploymentId = service?.deployments?.find(({ status }) => status === 'PRIMARY')?.id;
    if (!deploymentId) throw new PlatformError('UnexpectedFailure', `service ${cell.services[to]} has no deployment`);
    await note(table, cell.name, executionArn, { waiting: { ...waiting, deploymentId } });
    await settleFill(deps, cell);
    return { deploymentId };
  },
};

export const handler = actionHandler(fillColour, {
  table: tenantsTable(),
  ecs: new ECSClient(clientOptions),
  sfn: new SFNClient(clientOptions),
  scaling: new ApplicationAutoScalingClient(clientOptions),
  now: () => new Date(),
  get propagationSeconds() {
    return Number(env('PROPAGATION_SECONDS'));
  },
});
