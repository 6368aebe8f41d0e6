import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { workflowOf } from '../../functions/contract/workflows';
import type { StageClient } from '../client/stage-client';
import { act, preview, signUp } from './acting';
import { ActsQuerySchema, ActsRequestSchema, PreviewRequestSchema, SignupRequestSchema } from './api/acts';
import { EventsQuerySchema } from './api/events';
import { ReportQuerySchema } from './api/reports';
import { RunQuerySchema } from './api/runs';
import { StageActRequestSchema, StagePreviewRequestSchema } from './api/stage-acts';
import { TenantsQuerySchema } from './api/tenants';
import type { EventStreams } from './event-streams';
import type { EvidenceTickets } from './evidence-tickets';
import { executionPage } from './links';
import { Refused } from './refused';
import { body, query } from './request';
import type { RunHistories } from './run-histories';
import { runOf } from './run-of';
import { previewStageAct, stageAct } from './stage-acting';
import type { StageAnswers } from './stage-answers';
import { tenantDetail, tenantReport, tenantReports } from './tenant-answers';
import type { TenantDirectory } from './tenant-directory';

/** What the routes need. */
export interface Desk {
  readonly client: StageClient;
  readonly answers: StageAnswers;
  readonly directory: TenantDirectory;
  readonly histories: RunHistories;
  readonly tickets: EvidenceTickets;
  readonly events: EventStreams;
}

export interface Asked {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly parameters: URLSearchParams;
  /** The name in the path, decoded. */
  readonly name: string;
}

/** The answer of a stream is written by the route itself. */
export const STREAMED = Symbol('streamed');

type Route = (desk: Desk, asked: Asked) => Promise<unknown> | unknown;

const SIGNUP_SCHEMA = join(__dirname, '../../docs/events/TenantSignedUp.v1.schema.json');

async function acts({ client }: Desk, { parameters }: Asked) {
  const { tenant, stage, day, before, limit } = query(ActsQuerySchema, parameters);
  const today = new Date().toISOString().slice(0, 10);
  const of = tenant !== undefined ? { tenant } : stage ? { stage: true as const } : { day: day ?? today };
  const { entries, next } = await client.acts(of, { before, limit });
  return { acts: entries, next };
}

/** Looks for the effects of an act at once. */
async function acted<T>({ events }: Desk, doing: Promise<T>): Promise<T> {
  events.watch.nudge();
  try {
    return await doing;
  } finally {
    events.watch.nudge();
  }
}

function workflowKnown(execution: string): boolean {
  try {
    return workflowOf(execution) !== undefined;
  } catch {
    return false;
  }
}

async function run({ client, histories }: Desk, { parameters }: Asked) {
  const { execution } = query(RunQuerySchema, parameters);
  if (!workflowKnown(execution))
    throw new Refused('InvalidRequest', 'expected the ARN of an execution of the platform', 'execution');
  const link = executionPage(client.stage, execution);
  return { ...runOf(execution, await histories.read(execution)), ...(link && { link }) };
}

function events({ events: streams }: Desk, { request, response, parameters }: Asked) {
  const lastId = request.headers['last-event-id'];
  streams.open(response, query(EventsQuerySchema, parameters).topic, lastId?.toString());
  return STREAMED;
}

/**
 * The console's HTTP API; the folder `api` has each request and answer as a schema. All paths need
 * `Authorization: Bearer TOKEN`; answers are JSON, and times are ISO 8601 in UTC.
 *
 * | request | query or body | answer |
 * |---|---|---|
 * | GET /api/stage | | Stage |
 * | GET /api/tenants | TenantsQuery | TenantsPage |
 * | GET /api/tenants/NAME | | TenantDetail; NAME is any name of the tenant |
 * | GET /api/tenants/NAME/reports | | Reports |
 * | GET /api/tenants/NAME/report | ReportQuery | Report, with the address of its page |
 * | GET /api/run | RunQuery | Run |
 * | GET /api/signup-schema | | docs/events/TenantSignedUp.v1.schema.json |
 * | POST /api/signups | SignupRequest | SignupStarted |
 * | POST /api/acts/preview | PreviewRequest | Preview |
 * | POST /api/acts | ActsRequest | ActResults |
 * | POST /api/stage-acts/preview | StagePreviewRequest | StagePreview |
 * | POST /api/stage-acts | StageActRequest | StageActResults |
 * | GET /api/acts | ActsQuery | ActsPage |
 * | GET /api/cells | | Cells |
 * | GET /api/releases | | Releases |
 * | GET /api/audits | | Audits |
 * | GET /api/queues | | Queues |
 * | GET /api/events | EventsQuery | a stream (`text/event-stream`) of ServerEvent |
 *
 * Every error has the body ApiError. Status: 400 bad input (`field` names it), 401 token, 403 and 421
 * foreign origin or host, 404 not found, 409 refused, 413 body too large, 415 not JSON, 502 AWS or the
 * platform failed.
 *
 * `*` stands for one part of a path: a name.
 */
export const ROUTES: Readonly<Record<string, Route>> = {
  'GET /api/stage': ({ answers }) => answers.stage(),
  'GET /api/tenants': ({ directory }, { parameters }) => directory.page(query(TenantsQuerySchema, parameters)),
  'GET /api/tenants/*': ({ client }, { name }) => tenantDetail(client, name),
  'GET /api/tenants/*/reports': ({ client }, { name }) => tenantReports(client, name),
  'GET /api/tenants/*/report': ({ client, tickets }, { name, parameters }) =>
    tenantReport(client, tickets, name, query(ReportQuerySchema, parameters)),
  'GET /api/run': run,
  'GET /api/signup-schema': () => JSON.parse(readFileSync(SIGNUP_SCHEMA, 'utf8')),
  'POST /api/signups': async (desk, { request }) =>
    acted(desk, signUp(desk.client, await body(SignupRequestSchema, request))),
  'POST /api/acts/preview': async ({ client, directory }, { request }) =>
    preview(client, directory, await body(PreviewRequestSchema, request)),
  'POST /api/acts': async (desk, { request }) => acted(desk, act(desk.client, await body(ActsRequestSchema, request))),
  'POST /api/stage-acts/preview': async ({ client }, { request }) =>
    previewStageAct(client, await body(StagePreviewRequestSchema, request)),
  'POST /api/stage-acts': async (desk, { request }) =>
    acted(desk, stageAct(desk.client, await body(StageActRequestSchema, request))),
  'GET /api/acts': acts,
  'GET /api/cells': ({ answers }) => answers.cells(),
  'GET /api/releases': ({ answers }) => answers.releases(),
  'GET /api/audits': ({ answers }) => answers.audits(),
  'GET /api/queues': ({ answers }) => answers.queues(),
  'GET /api/events': events,
};
