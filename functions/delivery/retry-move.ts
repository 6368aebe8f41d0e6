import { SSMClient } from '@aws-sdk/client-ssm';
import { type Compute, cellNamed } from '../compute/compute';
import { ssmCells } from '../compute/ssm-cells';
import { isServed, MANY_NODES, type PageRequest, requestPage, untilServed } from '../compute/tenant-page';
import { type CellDescriptor, type Colour, ColourSchema } from '../contract/cell';
import { PlatformError } from '../contract/errors';
import type { TenantRecord } from '../contract/records';
import { RetryMoveInput, RetryMoveOutput } from '../contract/release';
import { makeOrFindRule, type SeenRules, seenRules } from '../routing/host-rule';
import { type AlignRuleDeps, alignRule } from '../routing/tenant-rule';
import { type Action, actionHandler } from '../shared/action-handler';
import { clientOptions } from '../shared/clients';
import { logger } from '../shared/logger';
import { recordRule, routeLostInService } from '../tenants/service-store';
import { tenantCalled } from '../tenants/tenant-lookup';
import { aligningDeps } from './aligning-deps';

export interface RetryMoveDeps extends AlignRuleDeps {
  readonly readableCells: Compute['readableCells'];
  readonly page: PageRequest;
}

/** The colour to which the tenant's rule leads; undefined when the rule leads to neither. */
function whereLeads({ forwards }: SeenRules, cell: CellDescriptor, ruleArn: string): Colour | undefined {
  const targetGroup = forwards.get(ruleArn);
  return ColourSchema.options.find((colour) => cell.targetGroupArns[colour] === targetGroup);
}

const refused = ({ tenantId, status }: TenantRecord, why: string) =>
  new PlatformError('InvalidRequest', `tenant ${tenantId} is ${status}: ${why}`);

function requireSeated(record: TenantRecord) {
  const { status, slot } = record;
  if ((status === 'ACTIVE' || status === 'SUSPENDED') && slot) return { ...record, slot };
  throw refused(record, slot ? 'only a tenant in service is moved' : 'its record names no slot');
}

type Seated = ReturnType<typeof requireSeated>;

/**
 * Makes the deleted rule of a tenant again, in the tenant's slot, where it answers 503 at first. One that is there, and that the
 * record has lost, is found.
 *
 * @returns its ARN
 */
async function makeAgain({ table, elb }: RetryMoveDeps, cell: CellDescriptor, tenant: Seated): Promise<string> {
  const { ruleArn } = await makeOrFindRule(elb, cell, tenant);
  await recordRule(table, tenant, ruleArn);
  logger.warn('routing.rule-made-again', { tenantId: tenant.tenantId, deleted: tenant.ruleArn, ruleArn });
  return ruleArn;
}

/**
 * Moves one tenant again, whose rule does not lead where the tenant belongs: a move failed, or
 * somebody has changed or deleted the rule by hand.
 *
 * 1. Read to which colour the rule leads. If there is no such rule, make it again in the tenant's slot,
 *    and record it: it answers 503 until 2, and goes on doing so for a suspended tenant.
 * 2. Bring the rule in line with record and live colour. A tenant that a release under way has moved
 *    belongs to the new colour, every other tenant to the live one.
 * 3. Ask for the page until the shared service answers, whichever node of the load balancer is asked.
 *
 * It has no undo, and may be called any number of times. A release decides which tenants move:
 * nothing here moves a tenant ahead of its ring.
 *
 * Throws `InvalidRequest` for a tenant that is not in service, or that is suspended and has its rule, `ConfigurationInvalid` when its cell is gone,
 * `SlotOccupied` when somebody's rule has the slot's priority by now, `UnexpectedFailure` or `SubdomainTaken` when the tenant's
 * route is gone or another tenant's, `TransientNotYetVisible`,
 * `TransientServiceUnsteady` when the colour has no healthy target, or the page is not served; `TransientConflict`.
 */
export const retryMove: Action<typeof RetryMoveInput, typeof RetryMoveOutput, RetryMoveDeps> = {
  name: 'RetryMove',
  input: RetryMoveInput,
  output: RetryMoveOutput,
  run: async (deps, { tenant }) => {
    const record = requireSeated(await tenantCalled(deps.table, tenant));
    const { tenantId, host, slot } = record;
    const isSuspended = record.status === 'SUSPENDED';
    const cell = cellNamed(await deps.readableCells(), slot.cell);
    const seen = await seenRules(deps.elb, cell);
    const found = record.ruleArn !== undefined && seen.has(record.ruleArn) ? record.ruleArn : undefined;
    if (found && isSuspended) throw refused(record, 'its rule is there, and only a tenant in service is moved');
    const before = found && whereLeads(seen, cell, found);
    const lost = isSuspended ? undefined : await routeLostInService(deps.table, record);
    if (lost) throw lost;
    const ruleArn = found ?? (await makeAgain(deps, cell, record));
    await alignRule(deps, cell, tenantId);
    const colour = whereLeads(await seenRules(deps.elb, cell), cell, ruleArn);
    if (!colour && isSuspended) return { tenantId, host };
    if (!colour) throw new PlatformError('TransientConflict', `the rule of tenant ${tenantId} changes meanwhile`);
    await untilServed(() => deps.page(cell, host), host, isServed, { connections: MANY_NODES });
    logger.info('release.move-retried', { tenantId, before, colour });
    return { tenantId, host, colour, ...(before && { before }) };
  },
};

export const handler = actionHandler(retryMove, {
  ...aligningDeps(),
  readableCells: () => ssmCells(new SSMClient(clientOptions)).readableCells(),
  page: requestPage,
});
