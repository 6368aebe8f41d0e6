import { DescribeServicesCommand, DescribeTasksCommand, ListTasksCommand, type Service } from '@aws-sdk/client-ecs';
import { SendTaskFailureCommand, SendTaskSuccessCommand, type SFNClient } from '@aws-sdk/client-sfn';
import type { Containers } from '../compute/ecs-services';
import type { CellDescriptor, Colour } from '../contract/cell';
import { PlatformError, type PlatformErrorName } from '../contract/errors';
import { unless } from '../shared/unless';
import { isTaskGone } from '../stacks/settle-stack';
import type { TenantsTable } from '../tenants/tenants-table';
import { note, readClaim } from './release-store';

export interface SettleFillDeps {
  readonly table: TenantsTable;
  readonly ecs: Containers;
  readonly sfn: Pick<SFNClient, 'send'>;
}

/** @throws PlatformError `ConfigurationInvalid` when the service does not exist */
export async function describeColour(ecs: Containers, cell: CellDescriptor, colour: Colour): Promise<Service> {
  const name = cell.services[colour];
  const { services } = await ecs.send(new DescribeServicesCommand({ cluster: cell.clusterName, services: [name] }));
  const [service] = services ?? [];
  if (service) return service;
  throw new PlatformError('ConfigurationInvalid', `ECS service ${name} of cell ${cell.name} not found`);
}

/** How the tasks that were stopped last have ended, in ECS's own words. */
async function lastWords(ecs: Containers, cell: CellDescriptor, colour: Colour): Promise<string> {
  const asked = { cluster: cell.clusterName, serviceName: cell.services[colour], desiredStatus: 'STOPPED' as const };
  const { taskArns = [] } = await ecs.send(new ListTasksCommand(asked));
  if (taskArns.length === 0) return 'no task was started';
  const { tasks = [] } = await ecs.send(
    new DescribeTasksCommand({ cluster: cell.clusterName, tasks: taskArns.slice(-10) }),
  );
  const words = tasks.map(({ stoppedReason, containers }) => {
    const code = containers?.[0]?.exitCode;
    return code ? `${stoppedReason} (exit code ${code})` : `${stoppedReason}`;
  });
  return [...new Set(words)].join('; ');
}

type End = { readonly output: { readonly deploymentId: string } } | { readonly cause: string };

/**
 * How the deployment has ended; undefined while it is under way. COMPLETED is no success where
 * another deployment is the primary one: the circuit breaker announces its own rollback with the same
 * word ("Amazon ECS deployment circuit breaker").
 */
async function endOf(
  ecs: Containers,
  cell: CellDescriptor,
  colour: Colour,
  deploymentId: string,
): Promise<End | undefined> {
  const { deployments = [] } = await describeColour(ecs, cell, colour);
  const mine = deployments.find(({ id }) => id === deploymentId);
  if (!mine || (mine.status !== 'PRIMARY' && mine.rolloutState !== 'FAILED'))
    return { cause: `another deployment of ${colour} has replaced ${deploymentId}` };
  if (mine.rolloutState === 'COMPLETED') return { output: { deploymentId } };
  if (mine.rolloutState !== 'FAILED') return undefined;
  return { cause: `${mine.rolloutStateReason} ${await lastWords(ecs, cell, colour)}` };
}

const FAILED: PlatformErrorName = 'ReleaseFillFailed';

/**
 * Answers the task that waits for a colour's deployment, if the deployment has ended. Called for every
 * deployment event, by the sweep for lost ones, and by FillColour when it has begun to wait.
 */
export async function settleFill(
  { table, ecs, sfn }: SettleFillDeps,
  cell: CellDescriptor,
): Promise<'answered' | 'waits' | 'ignored'> {
  const claim = await readClaim(table, cell.name);
  if (!claim || claim.endedAt || claim.waiting?.for !== 'fill' || !claim.waiting.deploymentId) return 'ignored';
  const { taskToken, deploymentId } = claim.waiting;
  const end = await endOf(ecs, cell, claim.to, deploymentId);
  if (!end) return 'waits';
  const answer =
    'output' in end
      ? sfn.send(new SendTaskSuccessCommand({ taskToken, output: JSON.stringify(end.output) }))
      : sfn.send(new SendTaskFailureCommand({ taskToken, error: FAILED, cause: end.cause }));
  await unless(answer, isTaskGone);
  await note(table, cell.name, claim.executionArn, { waiting: undefined });
  return 'answered';
}
