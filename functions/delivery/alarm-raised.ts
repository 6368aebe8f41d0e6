import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SSMClient } from '@aws-sdk/client-ssm';
import * as z from 'zod';
import { type Compute, cellWhere } from '../compute/compute';
import { ssmCells } from '../compute/ssm-cells';
import { type Action, actionHandler } from '../shared/action-handler';
import { clientOptions } from '../shared/clients';
import { tenantsTable } from '../tenants/tenants-table';
import { type EndBadBakeDeps, endBadBake } from './end-bad-bake';

/** "Alarm events and EventBridge" (Amazon CloudWatch User Guide). */
const AlarmStateChange = z.object({ detail: z.object({ alarmName: z.string() }) });
const Raised = z.object({ bake: z.enum(['ended', 'ignored']) });

export interface AlarmRaisedDeps extends EndBadBakeDeps {
  readonly compute: Pick<Compute, 'readableCells'>;
}

/**
 * Ends the bake of a release when an alarm of its cell begins to ring, and the release returns its tenants.
 *
 * The event is a reason to look and no verdict: CloudWatch is asked which alarms have begun to ring since the
 * first tenants were moved. Events come at least once and in no order. An error is thrown, so that Lambda tries the
 * event again twice and then puts it on the dead-letter queue; the sweep looks for lost ones.
 */
export const alarmRaised: Action<typeof AlarmStateChange, typeof Raised, AlarmRaisedDeps> = {
  name: 'AlarmRaised',
  input: AlarmStateChange,
  output: Raised,
  run: async (deps, { detail: { alarmName } }) => {
    const cells = await deps.compute.readableCells();
    const cell = cellWhere(cells, ({ alarmNames }) => alarmNames?.includes(alarmName) ?? false);
    return { bake: cell && (await endBadBake(deps, cell)) ? 'ended' : 'ignored' };
  },
};

export const handler = actionHandler(alarmRaised, {
  table: tenantsTable(),
  compute: ssmCells(new SSMClient(clientOptions)),
  elb: new ElasticLoadBalancingV2Client(clientOptions),
  cloudwatch: new CloudWatchClient(clientOptions),
  sfn: new SFNClient(clientOptions),
  now: () => new Date(),
});
