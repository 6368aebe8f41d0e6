import { ECSClient } from '@aws-sdk/client-ecs';
import { DeleteRuleCommand, ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import type * as z from 'zod';
import type { Compute } from '../compute/compute';
import { ecsServices } from '../compute/ecs-services';
import { liveIn } from '../compute/table-live-colour';
import { PlatformError } from '../contract/errors';
import { RegisterTenantInput, RegisterTenantOutput } from '../contract/onboarding';
import { HolderSchema, itemKeys, type RouteRecord, rolesRevisionOf } from '../contract/records';
import type { StackOutputs } from '../contract/stacks';
import { type HostedZone, hostedZone } from '../dns/hosted-zone';
import { type ClaimedName, claimName, withdrawName } from '../dns/tenant-name';
import { type Action, actionHandler } from '../shared/action-handler';
import { clientOptions } from '../shared/clients';
import { isNamed } from '../shared/is-named';
import { parseAt } from '../shared/parse-at';
import { settled } from '../shared/settled';
import { findTenant, guardForwardWith, register } from '../tenants/tenant-store';
import { type TenantsTable, tenantsTable } from '../tenants/tenants-table';
import { type HostRule, holdHost, type LoadBalancer } from './host-rule';

export interface RegisterTenantDeps {
  readonly table: TenantsTable;
  readonly elb: LoadBalancer;
  readonly zone?: HostedZone | undefined;
  readonly compute: Pick<Compute, 'requireHealthyService'>;
  readonly now: () => Date;
}

type Input = z.output<typeof RegisterTenantInput>;

/**
 * The execution has lost the tenant after it created rule and name and before it recorded them.
 * Deletes what this call has created. A new owner takes over the name, and the rule as well if it
 * has the same slot.
 */
async function withdraw(
  { table, elb, zone }: RegisterTenantDeps,
  { tenant, cell }: Input,
  { rule, name }: { rule: HostRule; name: ClaimedName | undefined },
): Promise<void> {
  const record = await findTenant(table, tenant.tenantId);
  const adopts = record?.status === 'ONBOARDING' || record?.activatedAt !== undefined;
  const sameSlot = record?.slot?.cell === tenant.slot.cell && record.slot.number === tenant.slot.number;
  if (rule.created && !(adopts && sameSlot)) await elb.send(new DeleteRuleCommand({ RuleArn: rule.ruleArn }));
  if (name?.created && !adopts) await withdrawName(zone, tenant, cell);
}

/**
 * Somebody may have deleted the claim on the subdomain, and another signup has it by now. A missing claim
 * is no reason: the route that is about to be made holds the host.
 */
function requireOwnSubdomain({ tenantId, subdomain }: Input['tenant'], claim: unknown): void {
  const holder = claim && parseAt('subdomain claim', HolderSchema, claim).tenantId;
  if (!holder || holder === tenantId) return;
  throw new PlatformError('SubdomainTaken', `subdomain ${subdomain} belongs to another tenant by now, ${holder}`);
}

/** Where the shared service finds the tenant's database, and its replica if the plan has one. */
function databaseOf(outputs: StackOutputs<'database'>): NonNullable<RouteRecord['database']> {
  const { EndpointAddress, EndpointPort, ReplicaAddress, ReplicaPort } = outputs;
  return {
    host: EndpointAddress,
    port: Number(EndpointPort),
    ...(ReplicaAddress && ReplicaPort && { replica: { host: ReplicaAddress, port: Number(ReplicaPort) } }),
  };
}

/**
 * Registers the tenant with the cell. No request reaches the tenant yet.
 *
 * 1. This execution must own the tenant, and the tenant must be ONBOARDING. Its subdomain must not be another tenant's by now.
 * 2. The service of the cell's live colour must be healthy. One request reads both.
 * 3. Create a listener rule in the tenant's slot that answers 503 for its host. After a crash the
 *    rule is found by priority, host and tag.
 * 4. Beside it, where the stage has a hosted zone, make the DNS records of the host. They lead to the load
 *    balancer of the cell. A record of somebody else at the host is never overwritten.
 * 5. In one transaction, record key, role, bucket, rule and template versions, remove the
 *    verification of an earlier attempt, and create the route as SETTING_UP.
 *
 * A crash after 2 leaves perhaps a rule that answers 503, and perhaps DNS records. A retry takes both over,
 * and the undo finds the rule in the slot and the records by the host.
 *
 * Undone by DeregisterTenant.
 *
 * Throws `TransientServiceUnsteady`, `ClaimLost`, `SlotOccupied`, `NameOccupied`, `SubdomainTaken`. "CreateRule" of the Elastic Load Balancing API reference:
 * a listener cannot have two rules of one priority (PriorityInUse). "Quotas for your Application Load Balancers": rules per
 * load balancer (TooManyRules); the cell's capacity stays below it.
 *
 * Besides the common retries, for a service that serves nobody: 60 retries, 60 x 60 = 3600 s at most, half on average.
 */
export const registerTenant: Action<typeof RegisterTenantInput, typeof RegisterTenantOutput, RegisterTenantDeps> = {
  name: 'RegisterTenant',
  input: RegisterTenantInput,
  output: RegisterTenantOutput,
  run: async (deps, input) => {
    const { table, elb, zone, compute, now } = deps;
    const { tenant, cell, key, stacks, executionArn } = input;
    const owned = { tenantId: tenant.tenantId, executionArn };
    const beside = [itemKeys.liveColour(cell.name), itemKeys.subdomain(tenant.subdomain)];
    const { record, others } = await guardForwardWith(table, 'register', owned, beside);
    requireOwnSubdomain(tenant, others[1]);
    await compute.requireHealthyService(cell, liveIn(cell, others[0]).colour);
    const [rule, name] = await settled([holdHost(elb, cell, tenant), claimName(zone, tenant, cell)]);
    const route = {
      host: tenant.host,
      tenantId: tenant.tenantId,
      companyName: record.companyName,
      roleArn: stacks.access.outputs.RoleArn,
      externalId: tenant.externalId,
      bucketName: stacks.storage.outputs.BucketName,
      keyArn: key.keyArn,
      database: {
        ...databaseOf(stacks.database.outputs),
        ...(record.database && { version: record.database.version }),
      },
    };
    const registeredAt = now().toISOString();
    const { network, database, storage, access } = stacks;
    const templateVersions = {
      network: network.templateVersion,
      database: database.templateVersion,
      storage: storage.templateVersion,
      access: access.templateVersion,
    };
    try {
      await register(table, owned, { ruleArn: rule.ruleArn, templateVersions, route }, registeredAt);
    } catch (thrown) {
      if (isNamed(thrown, 'ClaimLost')) await withdraw(deps, input, { rule, name });
      throw thrown;
    }
    const rolesRevision = rolesRevisionOf(record);
    return { ruleArn: rule.ruleArn, nameChangeId: name?.changeId, registeredAt, rolesRevision };
  },
};

const realDeps = (): RegisterTenantDeps => {
  const table = tenantsTable();
  return {
    table,
    elb: new ElasticLoadBalancingV2Client(clientOptions),
    zone: hostedZone(),
    compute: ecsServices(new ECSClient(clientOptions)),
    now: () => new Date(),
  };
};

export const handler = actionHandler(registerTenant, realDeps());
