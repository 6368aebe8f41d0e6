import type { Stack } from '@aws-sdk/client-cloudformation';
import { type Compute, cellNamed } from '../../compute/compute';
import { PlatformError } from '../../contract/errors';
import { tenantNames } from '../../contract/naming';
import { rolesRevisionOf, type TenantRecord } from '../../contract/records';
import { SettledStackSchemas, type StackKind, type TenantStacks } from '../../contract/stacks';
import { TenantSchema } from '../../contract/tenant';
import { parseAt } from '../../shared/parse-at';
import { settled } from '../../shared/settled';
import { type CloudFormation, describeStack } from '../../stacks/stacks';
import type { DescribedStacks } from '../facts/release-facts';
import type { StageContext, Subject } from '../subject';

export interface LivingTenantDeps {
  readonly cloudformation: CloudFormation;
  readonly compute: Pick<Compute, 'readableCells' | 'live'>;
  readonly stage: StageContext;
}

async function describedStack({ cloudformation }: LivingTenantDeps, stackName: string): Promise<Stack> {
  const stack = await describeStack(cloudformation, stackName);
  if (!stack) throw new PlatformError('UnexpectedFailure', `stack ${stackName} not found; was it deleted?`);
  return stack;
}

async function describedStacks(deps: LivingTenantDeps, { tenantId }: TenantRecord) {
  const stack = (kind: StackKind) => describedStack(deps, tenantNames.stack(tenantId, kind));
  const [network, database, storage, access] = await settled([
    stack('network'),
    stack('database'),
    stack('storage'),
    stack('access'),
  ]);
  return { network, database, storage, access };
}

/** What a run knew of its stacks when they were complete. */
function stacksOf({ tenantId, templateVersions }: TenantRecord, described: Record<StackKind, Stack>): TenantStacks {
  const settledStack = (kind: StackKind) => {
    const { StackId: stackId, Outputs = [] } = described[kind];
    const outputs = Object.fromEntries(Outputs.map((o) => [o.OutputKey ?? '', o.OutputValue]));
    return {
      stackId,
      stackName: tenantNames.stack(tenantId, kind),
      templateVersion: templateVersions?.[kind],
      outputs,
    };
  };
  return {
    network: parseAt(`network stack of ${tenantId}`, SettledStackSchemas.network, settledStack('network')),
    database: parseAt(`database stack of ${tenantId}`, SettledStackSchemas.database, settledStack('database')),
    storage: parseAt(`storage stack of ${tenantId}`, SettledStackSchemas.storage, settledStack('storage')),
    access: parseAt(`access stack of ${tenantId}`, SettledStackSchemas.access, settledStack('access')),
  };
}

async function cellOf({ compute }: LivingTenantDeps, name: string) {
  const cell = cellNamed(await compute.readableCells(), name);
  const { colour: liveColour } = await compute.live(cell);
  return { cell, liveColour };
}

/** The expected tenant, and its stacks as they were described for it. */
interface LivingTenant {
  readonly subject: Subject;
  readonly stacks: DescribedStacks;
}

/**
 * The expected tenant. Its record names its key, slot and listener rule, CloudFormation names the
 * resources of its stacks, and the cell names the shared ones. The checks then compare it with what
 * each service has.
 *
 * @throws PlatformError `UnexpectedFailure` when a stack does not exist, `InvalidRequest` when
 * record or stack is incomplete
 */
export async function livingTenant(deps: LivingTenantDeps, record: TenantRecord): Promise<LivingTenant> {
  const tenant = parseAt(`record of tenant ${record.tenantId}`, TenantSchema, record);
  const { keyArn, ruleArn, tenantId, status } = record;
  if (!keyArn || !ruleArn)
    throw new PlatformError('InvalidRequest', `record of tenant ${tenantId} names no key or no listener rule`);
  const [stacks, { cell, liveColour }] = await settled([describedStacks(deps, record), cellOf(deps, tenant.slot.cell)]);
  const subject = {
    ...deps.stage,
    tenant,
    cell,
    liveColour,
    stacks: stacksOf(record, stacks),
    key: { keyArn, aliasName: tenantNames.keyAlias(tenantId) },
    route: { ruleArn },
    routed: status === 'ACTIVE',
    rolesRevision: rolesRevisionOf(record),
  };
  return { subject, stacks };
}
