import { EC2Client } from '@aws-sdk/client-ec2';
import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { S3Client } from '@aws-sdk/client-s3';
import { SSMClient } from '@aws-sdk/client-ssm';
import type * as z from 'zod';
import { ssmCells } from '../compute/ssm-cells';
import { type AuditFinding, JudgeAuditInput, JudgeAuditOutput } from '../contract/audit';
import { isTransient } from '../contract/errors';
import { hostedZone } from '../dns/hosted-zone';
import { type Action, actionHandler } from '../shared/action-handler';
import { clientOptions } from '../shared/clients';
import { env } from '../shared/env';
import { translateError } from '../shared/error-translation';
import { logger } from '../shared/logger';
import { tellNews } from '../tenants/changes';
import { type TenantInService, tenantsInService } from '../tenants/every-tenant';
import { tenantsTable } from '../tenants/tenants-table';
import { type Audited, type Brake, causesOf, criticalOf, SharedCauses, suspensionsOf } from './audit/brake';
import { awsResources, type CountingDeps, uncounted } from './audit/count-tenants';

export interface JudgeAuditDeps extends CountingDeps {
  readonly maxSuspensions: number;
}

type Reports = z.input<typeof JudgeAuditOutput>['reports'];

/**
 * "Quotas" of the Step Functions guide: a state's output has at most 256 KiB. A hundred reports of a
 * thousand characters take half of it; further tenants are reported together.
 */
const NAMED_AT_MOST = 100;
const REASON_AT_MOST = 1_000;
const EXAMPLES = 5;

/** A question that was not answered at all: why, as a check's id and in words. */
const NO_ANSWER = { open: 'no answer', reason: 'the audit has no answer about this tenant' };
const UNREADABLE = { open: 'unreadable record', reason: 'the record of this tenant cannot be parsed' };

const unverified = (by: string, at: string, { open, reason }: typeof NO_ANSWER): AuditFinding => ({
  ...{ by, at, verdict: 'unverified', failed: [], critical: [], open: [open] },
  reason,
});

function auditedOf({ tenantId, record }: TenantInService, executionArn: string, at: string): Audited {
  if (!record) {
    const finding = unverified(executionArn, at, UNREADABLE);
    return { tenantId, host: tenantId, cell: 'unknown', inService: false, finding };
  }
  const { host, slot, status, audit, restoring } = record;
  // The function that asked was killed, or the tenant was never asked about.
  const finding =
    audit?.by === executionArn
      ? { ...audit, critical: [...criticalOf(audit, restoring)] }
      : unverified(executionArn, at, NO_ANSWER);
  return { tenantId, host, cell: slot?.cell ?? 'unknown', inService: status === 'ACTIVE', finding };
}

/** A tenant that became ACTIVE after the audit had listed its page was verified in its onboarding. */
const isYounger = ({ record }: TenantInService, executionArn: string, since: string) =>
  record?.audit?.by !== executionArn && record?.activatedAt !== undefined && record.activatedAt >= since;

function reportOf({ tenantId, host, finding }: Audited, suspend: boolean): Reports[number] {
  const { verdict, reason, report, critical } = finding;
  const isDrifted = verdict === 'drifted';
  return {
    ...{ verdict: isDrifted ? 'drifted' : 'unverified', tenantId, host },
    ...{ reason: reason.slice(0, REASON_AT_MOST), ...(report && { report }), suspend },
    ...(isDrifted && critical.length === 0 && { critical: false }),
  };
}

/**
 * Tells once what many tenants have in common, and each other tenant by name. The brake's own message
 * is the shared one.
 */
function reportsOf(audited: readonly Audited[], brake: Brake): { reports: Reports; held: number } {
  const causes = new SharedCauses(brake);
  for (const { cell, finding } of audited) causes.count(cell, causesOf(finding));
  const isTold = ({ cell, finding }: Audited) => causesOf(finding).every((check) => causes.isShared(cell, check));
  const { suspend, held } = suspensionsOf(audited, brake);
  const going = new Set(suspend.map(({ tenantId }) => tenantId));
  const alone = audited.filter((each) => !isTold(each) || going.has(each.tenantId));
  // Suspended tenants first: each of them is reported by name.
  const inOrder = [...alone].sort((one, other) => Number(going.has(other.tenantId)) - Number(going.has(one.tenantId)));
  const [named, others] = [inOrder.slice(0, NAMED_AT_MOST), inOrder.slice(NAMED_AT_MOST)];
  const together = [...audited.filter(isTold), ...others];
  const shared = causes
    .shared()
    .map(({ cell, check, tenants }) => `${check}: ${tenants} of ${brake.sizes.get(cell) ?? 0} tenants of cell ${cell}`);
  const more = others.length > 0 ? [`other checks: ${others.length} more tenants, each for itself`] : [];
  const told: Reports =
    together.length === 0 && held === 0
      ? []
      : [
          {
            ...{ verdict: 'shared', causes: [...shared, ...more], tenants: together.length, held, suspend: false },
            examples: (together.length > 0 ? together : audited).slice(0, EXAMPLES).map(({ host }) => host),
          },
        ];
  return { reports: [...told, ...named.map((each) => reportOf(each, going.has(each.tenantId)))], held };
}

/** A fault that prevents the count is a difference: nobody knows then who has left the audit. */
async function differencesIn(deps: CountingDeps, audited: ReadonlySet<string>): Promise<string[]> {
  try {
    return await uncounted(deps, audited);
  } catch (thrown) {
    const { name, message } = translateError(thrown);
    if (isTransient(name)) throw thrown;
    return [`route items, rules, buckets, names and peerings could not be counted: ${name}: ${message}`];
  }
}

const uncountedReport = (differences: readonly string[]): Reports =>
  differences.length === 0
    ? []
    : [
        {
          verdict: 'uncounted',
          differences: differences.slice(0, NAMED_AT_MOST).map((each) => each.slice(0, REASON_AT_MOST)),
          suspend: false,
        },
      ];

/**
 * Judges an audit when every tenant has been asked about: whom to suspend, and what to tell.
 *
 * 1. Reads the finding of this audit from every record of a tenant in service. A record without one
 *    counts as unverified.
 * 2. Suspends nobody unless the stage says so, and then only tenants with a failed critical check.
 *    The brake: if more than `maxSuspensions` tenants or a tenth of a cell would go by the same check,
 *    nobody goes.
 * 3. Counts route items, listener rules and buckets against the tenants audited: whoever has left the
 *    audit is found by what there still is of it.
 * 4. Tells once what many tenants share, and of each other tenant by name.
 *
 * Throws `ConfigurationInvalid`, `Transient*`.
 */
export const judgeAudit: Action<typeof JudgeAuditInput, typeof JudgeAuditOutput, JudgeAuditDeps> = {
  name: 'JudgeAudit',
  input: JudgeAuditInput,
  output: JudgeAuditOutput,
  run: async (deps, { executionArn, onBreach, startedAt }) => {
    const { table, maxSuspensions, now } = deps;
    const ids = new Set<string>();
    const found: Audited[] = [];
    const sizes = new Map<string, number>();
    for await (const tenant of tenantsInService(table)) {
      if (isYounger(tenant, executionArn, startedAt)) continue;
      ids.add(tenant.tenantId);
      const audited = auditedOf(tenant, executionArn, now().toISOString());
      sizes.set(audited.cell, (sizes.get(audited.cell) ?? 0) + 1);
      if (audited.finding.verdict !== 'isolated') found.push(audited);
    }
    const judged = onBreach === 'suspend' ? found : found.map((each) => ({ ...each, inService: false }));
    const { reports, held } = reportsOf(judged, { maxSuspensions, sizes });
    if (held > 0) logger.error('audit.braked', { held });
    const differences = await differencesIn(deps, ids);
    if (differences.length > 0) logger.error('audit.uncounted', { differences: differences.slice(0, EXAMPLES) });
    await tellNews(table, 'audits');
    return { reports: [...uncountedReport(differences), ...reports], held, uncounted: differences.length };
  },
};

export const handler = actionHandler(judgeAudit, {
  table: tenantsTable(),
  compute: ssmCells(new SSMClient(clientOptions)),
  ...awsResources({
    elb: new ElasticLoadBalancingV2Client(clientOptions),
    s3: new S3Client(clientOptions),
    ec2: new EC2Client(clientOptions),
    zone: hostedZone(),
  }),
  get accountId() {
    return env('ACCOUNT_ID');
  },
  get region() {
    return env('AWS_REGION');
  },
  get maxSuspensions() {
    return Number(env('MAX_SUSPENSIONS'));
  },
  now: () => new Date(),
});
