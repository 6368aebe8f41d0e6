import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { IAMClient } from '@aws-sdk/client-iam';
import { KMSClient } from '@aws-sdk/client-kms';
import { RDSClient } from '@aws-sdk/client-rds';
import { ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SSMClient } from '@aws-sdk/client-ssm';
import * as z from 'zod';
import type { Compute } from '../compute/compute';
import { ssmCells } from '../compute/ssm-cells';
import { type HostedZone, hostedZone } from '../dns/hosted-zone';
import { type Action, actionHandler } from '../shared/action-handler';
import { clientOptions } from '../shared/clients';
import { env } from '../shared/env';
import { logger } from '../shared/logger';
import { type Meter, meter } from '../shared/meter';
import { findRefusal, findTenant } from '../tenants/tenant-store';
import { type TenantsTable, tenantsTable } from '../tenants/tenants-table';
import { claimLeftovers } from './claim-leftovers';
import { databaseLeftovers } from './database-leftovers';
import { type KeyLeftoversDeps, keyLeftovers } from './key-leftovers';
import type { Leftover, LeftoverKind } from './leftovers';
import { nameLeftovers } from './name-leftovers';
import { type Ownership, ownershipOf } from './ownership';
import { roleLeftovers } from './role-leftovers';
import { type RuleLeftoversDeps, ruleLeftovers } from './rule-leftovers';
import { type WitnessDeps, witnessFor } from './second-witness';
import { type StackLeftoversDeps, stackLeftovers } from './stack-leftovers';
import { type StoreLeftoversDeps, storeLeftovers } from './store-leftovers';

export interface OrphansDeps {
  readonly table: TenantsTable;
  readonly kinds: readonly LeftoverKind[];
  readonly compute: Pick<Compute, 'cells'>;
  readonly onOrphan: 'report' | 'remove';
  /** What speaks for a tenant whose record says FAILED since then; undefined when nothing does. */
  readonly witness: (tenantId: string, since: string) => Promise<string | undefined>;
  readonly meter: Meter;
  readonly now: () => Date;
}

const OrphanSchema = z.object({ kind: z.string(), id: z.string(), tenantId: z.string(), removed: z.boolean() });
type Orphan = z.infer<typeof OrphanSchema>;
const OrphansOutput = z.object({ seen: z.number(), orphans: z.array(OrphanSchema) });

/** One write to a record is no proof: the witness is asked before the first removal of a tenant. */
async function isSpared({ table, witness }: OrphansDeps, tenantId: string): Promise<boolean> {
  const { updatedAt } = (await findTenant(table, tenantId)) ?? (await findRefusal(table, tenantId)) ?? {};
  const why = updatedAt === undefined ? 'its record is gone' : await witness(tenantId, updatedAt);
  if (why !== undefined) logger.error('orphan.spared', { tenantId, why });
  return why !== undefined;
}

/**
 * Removes an orphan, if the tenant's record still says FAILED and nothing in AWS speaks for the
 * tenant. Without a record the resource stays: perhaps only the record was lost.
 */
async function remove(
  deps: OrphansDeps,
  kind: LeftoverKind,
  leftover: Leftover,
  spared: Map<string, boolean>,
): Promise<boolean> {
  if (deps.onOrphan !== 'remove' || !kind.remove) return false;
  if ((await ownershipOf(deps.table, leftover.tenantId, deps.now())) !== 'failed') return false;
  const isKept = spared.get(leftover.tenantId) ?? (await isSpared(deps, leftover.tenantId));
  spared.set(leftover.tenantId, isKept);
  if (isKept) return false;
  await kind.remove(leftover);
  return true;
}

/** Whether nobody needs the resource: no living tenant has it, or a living tenant has it to no purpose. */
async function isOrphan(kind: LeftoverKind, leftover: Leftover, ownership: Ownership): Promise<boolean> {
  if (ownership === 'failed' || ownership === 'unknown') return true;
  return ownership === 'active' && (await kind.isSurplus?.(leftover)) === true;
}

/** Sequential: the search may take its time, and onboardings need the account's API quotas. */
async function search(
  deps: OrphansDeps,
  kind: LeftoverKind,
  ownerOf: (tenantId: string) => Promise<Ownership>,
  spared: Map<string, boolean>,
) {
  const left: Leftover[] = [];
  let seen = 0;
  for await (const leftover of kind.list()) {
    seen += 1;
    if (!(await isOrphan(kind, leftover, await ownerOf(leftover.tenantId)))) continue;
    if (!kind.stands || (await kind.stands(leftover))) left.push(leftover);
  }
  // Removal waits for the end of the list: a removal could shift the pages that follow.
  const orphans: Orphan[] = [];
  for (const leftover of left) {
    const orphan = { kind: kind.kind, ...leftover, removed: await remove(deps, kind, leftover, spared) };
    logger.warn('orphan.found', { ...orphan });
    orphans.push(orphan);
  }
  return { seen, orphans };
}

/**
 * Searches every hour for resources that belong to no tenant. Resources of a tenant that is being
 * onboarded, rolled back or held are no orphans, and neither are those of a cell's decoy.
 *
 * 1. List the resources of tenants, kind by kind.
 * 2. Read the record of each tenant among them, after its resources were found.
 * 3. Report each orphan in the log and in a metric with an alarm. If the stage says `remove`,
 *    remove the orphans of failed onboardings, but never resources of a tenant that has been ACTIVE
 *    or that has no record. A second witness is asked first: protected stacks, a report of a tenant
 *    in service, an object that is younger than the failure.
 *
 * The search pages over all tenants, and no onboarding waits for it.
 *
 * Throws the first failure, after every kind has been searched.
 */
export const orphans: Action<z.ZodUnknown, typeof OrphansOutput, OrphansDeps> = {
  name: 'Orphans',
  input: z.unknown(),
  output: OrphansOutput,
  run: async (deps) => {
    const decoys = new Set((await deps.compute.cells()).map(({ decoy }) => decoy.tenantId));
    const known = new Map<string, Ownership>();
    const ownerOf = async (tenantId: string) => {
      if (decoys.has(tenantId)) return 'active';
      const ownership = known.get(tenantId) ?? (await ownershipOf(deps.table, tenantId, deps.now()));
      known.set(tenantId, ownership);
      return ownership;
    };
    const spared = new Map<string, boolean>();
    const found: Orphan[] = [];
    const failures: unknown[] = [];
    let seen = 0;
    for (const kind of deps.kinds) {
      try {
        const searched = await search(deps, kind, ownerOf, spared);
        found.push(...searched.orphans);
        seen += searched.seen;
      } catch (thrown) {
        logger.error('orphans.unsearched', { kind: kind.kind, error: String(thrown) });
        failures.push(thrown);
      }
    }
    deps.meter.count('Orphans', found.filter(({ removed }) => !removed).length);
    const unreadable = [...known.values()].filter((ownership) => ownership === 'unreadable').length;
    if (unreadable > 0) deps.meter.count('UnreadableItems', unreadable);
    if (failures.length > 0) throw failures[0];
    deps.meter.count('OrphanSearchesDone', 1);
    return { seen, orphans: found };
  },
};

export type Search = RuleLeftoversDeps &
  StackLeftoversDeps &
  StoreLeftoversDeps &
  KeyLeftoversDeps & {
    readonly table: TenantsTable;
    readonly rds: Pick<RDSClient, 'send'>;
    readonly iam: Pick<IAMClient, 'send'>;
    readonly zone?: HostedZone | undefined;
  };

/** The kinds in the order in which a rollback removes them. */
export const everyKind = (search: Search): LeftoverKind[] => [
  ruleLeftovers(search),
  ...(search.zone ? [nameLeftovers(search.zone)] : []),
  stackLeftovers(search),
  ...databaseLeftovers(search.rds),
  roleLeftovers(search.iam),
  ...storeLeftovers(search),
  ...keyLeftovers(search),
  claimLeftovers(search.table),
];

const realDeps = (): OrphansDeps => {
  const table = tenantsTable();
  const compute = ssmCells(new SSMClient(clientOptions));
  const cloudformation = new CloudFormationClient(clientOptions);
  const s3 = new S3Client(clientOptions);
  const platform = {
    get accountId() {
      return env('ACCOUNT_ID');
    },
    get region() {
      return env('AWS_REGION');
    },
    get stackRoleArn() {
      return env('STACK_ROLE_ARN');
    },
  };
  const witnesses: WitnessDeps = {
    cloudformation,
    s3,
    platform,
    get evidenceBucketName() {
      return env('EVIDENCE_BUCKET_NAME');
    },
  };
  return {
    table,
    compute,
    kinds: everyKind({
      table,
      compute,
      platform,
      elb: new ElasticLoadBalancingV2Client(clientOptions),
      zone: hostedZone(),
      cloudformation,
      rds: new RDSClient(clientOptions),
      iam: new IAMClient(clientOptions),
      s3,
      secrets: new SecretsManagerClient(clientOptions),
      logs: new CloudWatchLogsClient(clientOptions),
      kms: new KMSClient(clientOptions),
      tagging: new ResourceGroupsTaggingAPIClient(clientOptions),
    }),
    witness: (tenantId, since) => witnessFor(witnesses, tenantId, since),
    get onOrphan() {
      return z.enum(['report', 'remove']).parse(env('ORPHANS'));
    },
    meter,
    now: () => new Date(),
  };
};

export const handler = actionHandler(orphans, realDeps());
