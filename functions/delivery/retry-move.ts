import { SSMClient } from '@aws-sdk/client-ssm';
import { type Compute, cellNamed } from '../compute/compute';
import { ssmCells } from '../compute/ssm-cells';
import { isServed, type PageRequest, requestPage, untilServed } from '../compute/tenant-page';
import { type CellDescriptor, type Colour, ColourSchema } from '../contract/cell';
import { PlatformError } from '../contract/errors';
import type { TenantRecord } from '../contract/records';
import { RetryMoveInput, RetryMoveOutput } from '../contract/release';
import { type LoadBalancer, seenRules } from '../routing/host-rule';
import { type AlignRuleDeps, alignRule } from '../routing/tenant-rule';
import { type Action, actionHandler } from '../shared/action-handler';
import { clientOptions } from '../shared/clients';
import { logger } from '../shared/logger';
import { tenantCalled } from '../tenants/tenant-lookup';
import { aligningDeps } from './aligning-deps';

export interface RetryMoveDeps extends AlignRuleDeps {
  readonly cells: Compute['cells'];
  readonly page: PageRequest;
}

/** The colour to which the tenant's rule leads now; undefined when the rule leads to neither. */
async function whereNow(elb: LoadBalancer, cell: CellDescriptor, ruleArn: string): Promise<Colour | undefined> {
  const targetGroup = (await seenRules(elb, cell)).forwards.get(ruleArn);
  return ColourSchema.options.find((colour) => cell.targetGroupArns[colour] === targetGroup);
}

function requireInService({ tenantId, status, slot, ruleArn }: TenantRecord) {
  if (status === 'ACTIVE' && slot && ruleArn) return { slot, ruleArn };
  throw new PlatformError('InvalidRequest', `tenant ${tenantId} is ${status}: only a tenant in service is moved`);
}

/**
 * Moves one tenant again, whose rule does not lead where the tenant belongs: a move failed, or
 * somebody has changed the rule by hand.
 *
 * 1. Read to which colour the rule leads.
 * 2. Bring the rule in line with record and live colour. A tenant that a release under way has moved
 *    belongs to the new colour, every other tenant to the live one.
 * 3. Ask for the page until it is served.
 *
 * It has no undo, and may be called any number of times. A release decides which tenants move:
 * nothing here moves a tenant ahead of its ring.
 *
 * Throws `InvalidRequest` for a tenant that is not in service, `ConfigurationInvalid` when its cell is gone,
 * `TransientServiceUnsteady` when the colour has no healthy target, or the page is not served; `TransientConflict`.
 */
export const retryMove: Action<typeof RetryMoveInput, typeof RetryMoveOutput, RetryMoveDeps> = {
  name: 'RetryMove',
  input: RetryMoveInput,
  output: RetryMoveOutput,
  run: async (deps, { tenant }) => {
    const record = await tenantCalled(deps.table, tenant);
    const { tenantId, host } = record;
    const { slot, ruleArn } = requireInService(record);
    const cell = cellNamed(await deps.cells(), slot.cell);
    const before = await whereNow(deps.elb, cell, ruleArn);
    await alignRule(deps, cell, tenantId);
    const colour = await whereNow(deps.elb, cell, ruleArn);
    if (!colour) throw new PlatformError('TransientConflict', `the rule of tenant ${tenantId} changes meanwhile`);
    await untilServed(() => deps.page(cell, host), host, isServed);
    logger.info('release.move-retried', { tenantId, before, colour });
    return { tenantId, host, colour, ...(before && { before }) };
  },
};

export const handler = actionHandler(retryMove, {
  ...aligningDeps(),
  cells: () => ssmCells(new SSMClient(clientOptions)).cells(),
  page: requestPage,
});
