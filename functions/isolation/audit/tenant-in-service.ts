import { type Compute, cellNamed } from '../../compute/compute';
import { PlatformError } from '../../contract/errors';
import { tenantNames } from '../../contract/naming';
import type { TenantRecord } from '../../contract/records';
import { SettledStackSchemas, type StackKind, type TenantStacks } from '../../contract/stacks';
import { TenantSchema } from '../../contract/tenant';
import { parseAt } from '../../shared/parse-at';
import { settled } from '../../shared/settled';
import { type CloudFormation, describeStack } from '../../stacks/stacks';
import type { StageContext, Subject } from '../subject';

export interface LivingTenantDeps {
  readonly cloudformation: CloudFormation;
  readonly compute: Pick<Compute, 'cells' | 'live'>;
  readonly stage: StageContext;
}

async function stackOf(
  { cloudformation }: LivingTenantDeps,
  { tenantId, templateVersions }: TenantRecord,
  kind: StackKind,
): Promise<unknown> {
  const stackName = tenantNames.stack(tenantId, kind);
  const stack = await describeStack(cloudformation, stackName);
  if (!stack) throw new PlatformError('UnexpectedFailure', `stack ${stackName} not found; was it deleted?`);
  const outputs = Object.fromEntries((stack.Outputs ?? []).map((o) => [o.OutputKey ?? '', o.OutputValue]));
  return { stackId: stack.StackId, stackName, templateVersion: templateVersions?.[kind], outputs };
}

async function stacksOf(deps: LivingTenantDeps, record: TenantRecord): Promise<TenantStacks> {
  const stack = (kind: StackKind) => stackOf(deps, record, kind);
  const [network, database, storage, access] = await settled([
    stack('network'),
    stack('database'),
    stack('storage'),
    stack('access'),
  ]);
  const { tenantId } = record;
  return {
    network: parseAt(`network stack of ${tenantId}`, SettledStackSchemas.network, network),
    database: parseAt(`database stack of ${tenantId}`, SettledStackSchemas.database, database),
    storage: parseAt(`storage stack of ${tenantId}`, SettledStackSchemas.storage, storage),
    access: parseAt(`access stack of ${tenantId}`, SettledStackSchemas.access, access),
  };
}

async function cellOf({ compute }: LivingTenantDeps, name: string) {
  const cell = cellNamed(await compute.cells(), name);
  const { colour: liveColour } = await compute.live(cell);
  return { cell, liveColour };
}

/**
 * The expected tenant. Its record names its key, slot and listener rule, CloudFormation names the
 * resources of its stacks, and the cell names the shared ones. The checks then compare it with what
 * each service has.
 *
 * @throws PlatformError `UnexpectedFailure` when a stack does not exist, `InvalidRequest` when
 * record or stack is incomplete
 */
export async function livingTenant(deps: LivingTenantDeps, record: TenantRecord): Promise<Subject> {
  const tenant = parseAt(`record of tenant ${record.tenantId}`, TenantSchema, record);
  const { keyArn, ruleArn, tenantId, status } = record;
  if (!keyArn || !ruleArn)
    throw new PlatformError('InvalidRequest', `record of tenant ${tenantId} names no key or no listener rule`);
  const [stacks, { cell, liveColour }] = await settled([stacksOf(deps, record), cellOf(deps, tenant.slot.cell)]);
  return {
    ...deps.stage,
    tenant,
    cell,
    liveColour,
    stacks,
    key: { keyArn, aliasName: tenantNames.keyAlias(tenantId) },
    route: { ruleArn },
    routed: status === 'ACTIVE',
  };
}
