import type * as z from 'zod';
import { failureText } from '../../functions/contract/failure-report';
import { EVIDENCE_PREFIX } from '../../functions/contract/naming';
import { evidencePage } from '../../functions/isolation/evidence-page';
import { EvidenceSchema } from '../../functions/isolation/evidence-report';
import { failedOf, openOf } from '../../functions/isolation/report';
import { parseAt } from '../../functions/shared/parse-at';
import type { StageClient } from '../client/stage-client';
import { statusOf } from '../client/tenant-status';
import { adviceFor } from '../runbook-advice';
import { actsOn } from './acts-allowed';
import type { Report, ReportQuerySchema, Reports } from './api/reports';
import type { TenantDetail } from './api/tenant';
import type { EvidenceTickets } from './evidence-tickets';
import { executionPage, resourcesOf } from './links';
import { Refused } from './refused';

/** Everything about one tenant that its record and its latest execution say. */
export async function tenantDetail(client: StageClient, name: string): Promise<TenantDetail> {
  const record = await client.find(name);
  const { links: _, failure, run, since, ...status } = await statusOf(client.sfn, record);
  const refused = 'refused' in record;
  const { contactEmail, plan, createdAt } = record;
  const advice = failure && adviceFor(failure.error, failure.reason);
  const link = executionPage(client.stage, record.executionArn);
  const service = refused
    ? {}
    : {
        ...{ slot: record.slot, database: record.database, placement: record.placement },
        ...{ activatedAt: record.activatedAt, verification: record.verification, audit: record.audit },
      };
  return {
    ...status,
    ...{ since, contactEmail, plan, createdAt, refused },
    ...service,
    run: { ...run, at: [...run.at] },
    ...(failure && {
      failure: { ...failure, text: failureText(failure), ...(advice && { advice }), ...(link && { link }) },
    }),
    resources: resourcesOf(client.stage, record),
    acts: actsOn(record, run.status),
    confirm: confirmationOf(record),
  };
}

/** What an operator types to confirm an act on this tenant. */
export const confirmationOf = ({
  subdomain,
  tenantId,
}: {
  readonly subdomain?: string | undefined;
  readonly tenantId: string;
}) => subdomain ?? tenantId;

export async function tenantReports(client: StageClient, name: string): Promise<Reports> {
  return { reports: await client.reports(name) };
}

/**
 * One report, by default the last one, and a ticket for its page. The page is made of the JSON, whose
 * digest is compared with the one on record.
 */
export async function tenantReport(
  client: StageClient,
  tickets: EvidenceTickets,
  name: string,
  { key }: z.output<typeof ReportQuerySchema>,
): Promise<Report> {
  const { tenantId } = await client.find(name);
  const own = new RegExp(`^${EVIDENCE_PREFIX}${tenantId}/[A-Za-z0-9._-]+\\.json$`);
  if (key !== undefined && !own.test(key))
    throw new Refused('InvalidRequest', 'expected a report of this tenant', 'key');
  const { report, text, digest, recorded } = await client.report(tenantId, key);
  const evidence = parseAt(`report ${report}`, EvidenceSchema, JSON.parse(text));
  const { verifiedAt, verifiedBy, passed, checks } = evidence;
  return {
    ...{ report, digest, verifiedAt, verifiedBy, passed, checks: checks.length },
    digestOnRecord: recorded === undefined ? 'other' : recorded === digest ? 'same' : 'different',
    failed: failedOf(evidence).map(({ id }) => id),
    open: openOf(evidence).map(({ id }) => id),
    page: tickets.issue(evidencePage(evidence, digest)),
  };
}
