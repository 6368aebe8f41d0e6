import { setTimeout } from 'node:timers/promises';
import { DescribeExecutionCommand } from '@aws-sdk/client-sfn';
import * as z from 'zod';
import { tenantIdOf } from '../functions/contract/naming';
import { ReserveTenantOutput } from '../functions/contract/onboarding';
import { readableSignupId } from '../functions/contract/signup';
import type { Ended } from '../operations/client/executions';
import type { Visit } from '../operations/client/progress';
import { StageClient } from '../operations/client/stage-client';
import type { StageConnection } from '../operations/stage-connection';
import { type Inventory, inventoryOf } from './inventory';
import { type PageSight, watchPage } from './page';
import { newSignup, Signups } from './signups';

export type Expectation = 'ACTIVE' | 'duplicate' | 'SubdomainTaken' | 'InvalidSignup' | 'StackFailed';

/** A company that signs up, and how its signup should end. */
export interface Applicant {
  /** Short and unique, for a line of progress. */
  readonly label: string;
  readonly companyName: string;
  /** Additional information for the reader. */
  readonly note?: string;
  readonly subdomain: string;
  readonly expected: Expectation;
  readonly detail: unknown;
}

export interface Outcome {
  readonly applicant: Applicant;
  readonly run: Ended;
  /** Seconds from the event to the end of the run. */
  readonly seconds: number;
  /** Undefined when the signup was too malformed to have a tenant id. */
  readonly tenantId: string | undefined;
  readonly inventory: Inventory | undefined;
  /** What a visitor saw meanwhile; undefined for a signup that gets no page. */
  readonly page: PageSight | undefined;
}

export interface Watcher {
  progress(applicant: Applicant, visits: readonly Visit[]): void;
  page(applicant: Applicant, status: number, url: string): void;
  ended(applicant: Applicant, run: Ended): void;
}

/** Three companies at once, a duplicate of the first, one whose subdomain is taken, and one malformed. */
function applicants(): { readonly companies: readonly Applicant[]; readonly others: readonly Applicant[] } {
  const company = (companyName: string, subdomain: string, plan: 'growth' | 'enterprise'): Applicant => ({
    label: subdomain,
    companyName,
    subdomain,
    expected: 'ACTIVE',
    detail: newSignup({ companyName, subdomain, plan }),
  });
  const acme = company('Acme GmbH', 'acme', 'enterprise');
  const imitator = { companyName: 'Acme Imitations Ltd', subdomain: 'acme' };
  const malformed = { companyName: 'Broken & Sons', subdomain: 'WWW' };
  return {
    companies: [
      acme,
      company('Bäckerei Müller & Söhne', 'mueller', 'growth'),
      company('Ødegård Fjordreiser AS', 'fjordreiser', 'enterprise'),
    ],
    others: [
      { ...acme, label: 'acme again', note: 'sent again', expected: 'duplicate' },
      { ...imitator, label: 'imitator', expected: 'SubdomainTaken', detail: newSignup(imitator) },
      {
        ...malformed,
        label: 'malformed',
        expected: 'InvalidSignup',
        detail: { ...newSignup(malformed), contactEmail: 'nobody', plan: 'platinum' },
      },
    ],
  };
}

export interface FollowOptions {
  readonly watcher?: Watcher;
  readonly signal?: AbortSignal;
  readonly onVisits?: (visits: readonly Visit[]) => void;
}

/**
 * How long to wait for the page of a tenant that has just become ACTIVE. After a failed run no
 * page comes.
 */
const PATIENCE_MS = 15_000;
const SHOWN_LATE_MS = 700;

const InputSchema = z.object({ id: z.string() });

/** The id of the event that started the execution; undefined when somebody else has started it. */
async function eventOf({ sfn }: StageClient, executionArn: string): Promise<string | undefined> {
  const { input = '{}' } = await sfn.send(new DescribeExecutionCommand({ executionArn }));
  return InputSchema.safeParse(JSON.parse(input)).data?.id;
}

/**
 * EventBridge delivers an event more than once now and then, and each delivery starts a run.
 *
 * @returns the run that has reserved the tenant, where this one is of a further delivery of the same event
 */
async function firstOfEvent(client: StageClient, { executionArn, output }: Ended): Promise<string | undefined> {
  const reserved = ReserveTenantOutput.safeParse(output).data;
  if (reserved?.outcome !== 'duplicate') return undefined;
  const first = reserved.firstExecutionArn;
  const [own, other] = await Promise.all([executionArn, first].map((arn) => eventOf(client, arn)));
  return own !== undefined && own === other ? first : undefined;
}

/** Follows a signup's run to its end, and requests the page meanwhile. */
export async function followRun(
  stage: StageConnection,
  applicant: Applicant,
  findRun: () => Promise<string>,
  { watcher, signal, onVisits }: FollowOptions = {},
): Promise<Outcome> {
  const began = performance.now();
  let giveUpAt = Number.POSITIVE_INFINITY;
  const client = new StageClient(stage);
  const follow = (executionArn: string) =>
    client.follow(executionArn, {
      onProgress: (visits) => {
        onVisits?.(visits);
        watcher?.progress(applicant, visits);
      },
      ...(signal && { signal }),
    });
  const following = async () => {
    try {
      const found = await follow(await findRun());
      const first = await firstOfEvent(client, found);
      const run = first ? await follow(first) : found;
      watcher?.ended(applicant, run);
      giveUpAt = performance.now() + (run.status === 'SUCCEEDED' ? PATIENCE_MS : 0);
      return { run, seconds: (performance.now() - began) / 1000 };
    } finally {
      giveUpAt = Math.min(giveUpAt, performance.now() + PATIENCE_MS);
    }
  };
  const watching = async () => {
    if (applicant.expected !== 'ACTIVE' || !stage.tenantUrl) return undefined;
    const url = stage.tenantUrl.replace('SUBDOMAIN', applicant.subdomain);
    return watchPage(url, {
      givenUp: () => performance.now() > giveUpAt,
      onChange: (status) => watcher?.page(applicant, status, url),
      ...(signal && { signal }),
    });
  };
  const [ended, page] = await Promise.all([following(), watching()]);
  // AWS shows the end of a key or a stack some seconds after the run; here it takes less than one.
  await setTimeout(SHOWN_LATE_MS, undefined, { ...(signal && { signal }) });
  const signupId = readableSignupId(applicant.detail);
  const tenantId = signupId && tenantIdOf(signupId);
  return { applicant, ...ended, tenantId, page, inventory: tenantId ? await inventoryOf(stage, tenantId) : undefined };
}

/** Sends one signup as billing does, and follows it. */
export async function onboard(
  stage: StageConnection,
  signups: Signups,
  applicant: Applicant,
  options: FollowOptions = {},
): Promise<Outcome> {
  const send = async () => {
    const [eventId = ''] = await signups.send([applicant.detail]);
    return await signups.executionOf(eventId, options.signal);
  };
  return await followRun(stage, applicant, send, options);
}

/**
 * Plays the scenario. The other signups are sent as soon as the first company is reserved, while
 * its tenant is still being built.
 */
export async function playScenario(stage: StageConnection, options: FollowOptions = {}): Promise<Outcome[]> {
  const { companies, others } = applicants();
  const signups = new Signups(stage);
  const reserved = Promise.withResolvers<void>();
  const onVisits = (visits: readonly Visit[]) => {
    if (visits.some(({ state, leftAt }) => state === 'ReserveTenant' && leftAt)) reserved.resolve();
  };
  const first = Promise.all(
    companies.map((applicant, index) =>
      onboard(stage, signups, applicant, index === 0 ? { ...options, onVisits } : options),
    ),
  );
  await Promise.race([reserved.promise, first]);
  const then = Promise.all(others.map((applicant) => onboard(stage, signups, applicant, options)));
  return (await Promise.all([first, then])).flat();
}
