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
 * The tenant was lost between the rule and its record. A rule made by this call goes, unless the new owner has the same
 * slot and will find it there.
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
 * Makes the tenant known to the cell, without a request reaching it yet.
 *
 * 1. The service of the cell's live colour must be serving.
 * 2. The tenant must still be this execution's, and ONBOARDING.
 * 3. A listener rule in the tenant's slot answers 503 for its host; after a crash it is found by priority, host and tag.
 * 4. In one transaction: the tenant's record learns its key, role, bucket, rule and template versions and forgets an
 *    earlier attempt's verification; the route item appears, SETTING_UP.
 *
 * A crash after 3 leaves a rule that answers 503: a retry takes it over, the undo finds it in the slot.
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
