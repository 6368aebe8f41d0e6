import { ECSClient } from '@aws-sdk/client-ecs';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SSMClient } from '@aws-sdk/client-ssm';
import * as z from 'zod';
import { type Compute, cellWhere } from '../compute/compute';
import { ssmCells } from '../compute/ssm-cells';
import { type Action, actionHandler } from '../shared/action-handler';
import { clientOptions } from '../shared/clients';
import { logger } from '../shared/logger';
import { tenantsTable } from '../tenants/tenants-table';
import { type SettleFillDeps, settleFill } from './settle-fill';

/** "Amazon ECS service deployment state change events": the detail names no cluster, the resource does. */
const DeploymentStateChange = z.object({
  resources: z.tuple([z.string()]),
  detail: z.object({ eventName: z.string(), deploymentId: z.string() }),
});
const Settled = z.object({ settlement: z.enum(['answered', 'waits', 'ignored']) });

export interface DeploymentSettledDeps extends SettleFillDeps {
  readonly compute: Pick<Compute, 'readableCells'>;
}

/** The cluster of a service's ARN: `...:service/CLUSTER/NAME`. */
const clusterOf = (serviceArn: string) => serviceArn.split('/')[1];

/**
 * Looks whether the release that fills a colour can go on, when ECS announces a deployment's end on
 * the default bus.
 *
 * The event is a reason to look and no answer: ECS is asked what became of the deployment that the
 * release waits for. Events come at least once and in no order. An error is thrown, so that Lambda tries the event again
 * twice and then puts it on the dead-letter queue; the sweep looks for lost ones.
 */
export const deploymentSettled: Action<typeof DeploymentStateChange, typeof Settled, DeploymentSettledDeps> = {
  name: 'DeploymentSettled',
  input: DeploymentStateChange,
  output: Settled,
  run: async (deps, { resources: [serviceArn], detail }) => {
    const cells = await deps.compute.readableCells();
    const cell = cellWhere(cells, ({ clusterName }) => clusterName === clusterOf(serviceArn));
    const settlement = cell ? await settleFill(deps, cell) : 'ignored';
    if (settlement !== 'ignored') logger.info('deployment.settled', { serviceArn, ...detail, settlement });
    return { settlement };
  },
};

export const handler = actionHandler(deploymentSettled, {
  table: tenantsTable(),
  compute: ssmCells(new SSMClient(clientOptions)),
  ecs: new ECSClient(clientOptions),
  sfn: new SFNClient(clientOptions),
});
