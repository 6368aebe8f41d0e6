import { ECSClient } from '@aws-sdk/client-ecs';
import { DeleteRuleCommand, ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import type * as z from 'zod';
import type { Compute } from '../compute/compute';
import { ecsServices } from '../compute/ecs-services';
import { tableLiveColour } from '../compute/table-live-colour';
import { RegisterTenantInput, RegisterTenantOutput } from '../contract/onboarding';
import { type Action, actionHandler } from '../shared/action-handler';
import { clientOptions } from '../shared/clients';
import { isNamed } from '../shared/is-named';
import { findTenant, guardForward, register } from '../tenants/tenant-store';
import { type TenantsTable, tenantsTable } from '../tenants/tenants-table';
import { type HostRule, holdHost, type LoadBalancer } from './host-rule';

export interface RegisterTenantDeps {
  readonly table: TenantsTable;
  readonly elb: LoadBalancer;
  readonly compute: Pick<Compute, 'live' | 'requireHealthyService'>;
  readonly now: () => Date;
}

type Input = z.output<typeof RegisterTenantInput>;

/**
 * The execution has lost the tenant after it created the rule and before it recorded the rule.
 * Deletes a rule that this call has created, unless the new owner has the same slot: it takes over
 * the rule.
 */
async function withdraw({ table, elb }: RegisterTenantDeps, { tenant }: Input, rule: HostRule): Promise<void> {
  const record = await findTenant(table, tenant.tenantId);
  const adopts =
    (record?.status === 'ONBOARDING' || record?.activatedAt !== undefined) &&
    record.slot?.cell === tenant.slot.cell &&
    record.slot.number === tenant.slot.number;
  if (rule.created && !adopts) await elb.send(new DeleteRuleCommand({ RuleArn: rule.ruleArn }));
}

/**
 * Registers the tenant with the cell. No request reaches the tenant yet.
 *
 * 1. The service of the cell's live colour must be healthy.
 * 2. This execution must own the tenant, and the tenant must be ONBOARDING.
 * 3. Create a listener rule in the tenant's slot that answers 503 for its host. After a crash the
 *    rule is found by priority, host and tag.
 * 4. In one transaction, record key, role, bucket, rule and template versions, remove the
 *    verification of an earlier attempt, and create the route as SETTING_UP.
 *
 * A crash after 3 leaves a rule that answers 503. A retry takes over the rule, and the undo finds
 * the rule in the slot.
 *
 * Undone by DeregisterTenant.
 *
 * Throws `TransientServiceUnsteady`, `ClaimLost`, `SlotOccupied`. "CreateRule" of the Elastic Load Balancing API reference:
 * a listener cannot have two rules of one priority (PriorityInUse). "Quotas for your Application Load Balancers": rules per
 * load balancer (TooManyRules); the cell's capacity stays below it.
 */
export const registerTenant: Action<typeof RegisterTenantInput, typeof RegisterTenantOutput, RegisterTenantDeps> = {
  name: 'RegisterTenant',
  input: RegisterTenantInput,
  output: RegisterTenantOutput,
  run: async (deps, input) => {
    const { table, elb, compute, now } = deps;
    const { tenant, cell, key, stacks, executionArn } = input;
    const { colour } = await compute.live(cell);
    await compute.requireHealthyService(cell, colour);
    const owned = { tenantId: tenant.tenantId, executionArn };
    const record = await guardForward(table, 'register', owned);
    const rule = await holdHost(elb, cell, tenant);
    const route = {
      host: tenant.host,
      tenantId: tenant.tenantId,
      companyName: record.companyName,
      roleArn: stacks.access.outputs.RoleArn,
      externalId: tenant.externalId,
      bucketName: stacks.storage.outputs.BucketName,
      keyArn: key.keyArn,
    };
    const { network, database, storage, access } = stacks;
    const templateVersions = {
      network: network.templateVersion,
      database: database.templateVersion,
      storage: storage.templateVersion,
      access: access.templateVersion,
    };
    try {
      await register(table, owned, { ruleArn: rule.ruleArn, templateVersions, route }, now().toISOString());
    } catch (thrown) {
      if (isNamed(thrown, 'ClaimLost')) await withdraw(deps, input, rule);
      throw thrown;
    }
    return { ruleArn: rule.ruleArn };
  },
};

const realDeps = (): RegisterTenantDeps => {
  const table = tenantsTable();
  return {
    table,
    elb: new ElasticLoadBalancingV2Client(clientOptions),
    compute: { ...tableLiveColour(table), ...ecsServices(new ECSClient(clientOptions)) },
    now: () => new Date(),
  };
};

export const handler = actionHandler(registerTenant, realDeps());
