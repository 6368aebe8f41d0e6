import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { SFNClient } from '@aws-sdk/client-sfn';
import * as z from 'zod';
import { type Action, actionHandler } from '../shared/action-handler';
import { clientOptions } from '../shared/clients';
import { logger } from '../shared/logger';
import { tenantsTable } from '../tenants/tenants-table';
import { type SettleStackDeps, settleStack } from './settle-stack';

/** "Stack Status Change event detail" in the AWS CloudFormation User Guide. */
const StackStatusChange = z.object({
  detail: z.object({
    'stack-id': z.string(),
    'status-details': z.object({ status: z.string() }),
    'client-request-token': z.string().optional(),
  }),
});
const Settled = z.object({ settlement: z.enum(['answered', 'late', 'ignored']) });

/**
 * Answers the task that waits for a stack when CloudFormation announces the stack's end on the default bus.
 *
 * Events come at least once and in no order: the settlement ignores a stack that no task waits for. An error is thrown, so that
 * Lambda tries the event again twice and then puts it on the dead-letter queue; the sweep answers what is lost even so.
 */
export const stackSettled: Action<typeof StackStatusChange, typeof Settled, SettleStackDeps> = {
  name: 'StackSettled',
  input: StackStatusChange,
  output: Settled,
  run: async (deps, { detail }) => {
    const stackId = detail['stack-id'];
    const { status } = detail['status-details'];
    const settlement = await settleStack(deps, stackId, status, detail['client-request-token']);
    if (settlement !== 'ignored') logger.info('stack.settled', { stackId, status, settlement });
    return { settlement };
  },
};

export const handler = actionHandler(stackSettled, {
  table: tenantsTable(),
  cloudformation: new CloudFormationClient(clientOptions),
  sfn: new SFNClient(clientOptions),
});
