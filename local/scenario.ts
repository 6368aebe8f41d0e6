import { SFNClient } from '@aws-sdk/client-sfn';
import { tenantIdOf } from '../functions/contract/naming';
import { readableSignupId } from '../functions/contract/signup';
import { type Ended, follow } from './executions';
import { type Inventory, inventoryOf } from './inventory';
import { type PageSight, watchPage } from './page';
import type { Visit } from './progress';
import { newSignup, Signups } from './signups';
import type { StageConnection } from './stage-connection';

export type Expectation = 'ACTIVE' | 'duplicate' | 'SubdomainTaken' | 'InvalidSignup';

/** Somebody who signs up, and what should become of it. */
export interface Applicant {
  /** For a line of progress; short, and different from all others. */
  readonly label: string;
  readonly companyName: string;
  readonly subdomain: string;
  readonly expected: Expectation;
  readonly detail: unknown;
}

export interface Outcome {
  readonly applicant: Applicant;
  readonly run: Ended;
  /** From the event to the end of the run. */
  readonly seconds: number;
  /** Absent when the signup was too malformed to name one. */
  readonly tenantId: string | undefined;
  readonly inventory: Inventory | undefined;
  /** What a visitor saw meanwhile, of those who should get a page. */
  readonly page: PageSight | undefined;
}

export interface Watcher {
  progress(applicant: Applicant, visits: readonly Visit[]): void;
  page(applicant: Applicant, status: number): void;
  ended(applicant: Applicant, run: Ended): void;
}

/** Three companies at once, a duplicate of the first, one whose subdomain is taken, and one malformed. */
export function applicants(): { readonly companies: readonly Applicant[]; readonly others: readonly Applicant[] } {
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
      { ...acme, label: 'acme again', expected: 'duplicate' },
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

export interface SendOptions {
  readonly watcher?: Watcher;
  readonly signal?: AbortSignal;
  readonly onVisits?: (visits: readonly Visit[]) => void;
}

/** Sends one signup, follows its run to the end, and asks for its page all the while. */
export async function onboard(
  stage: StageConnection,
  signups: Signups,
  applicant: Applicant,
  { watcher, signal, onVisits }: SendOptions = {},
): Promise<Outcome> {
  const sent = performance.now();
  const eventId = await signups.send(applicant.detail);
  let failed = false;
  const sight =
    applicant.expected === 'ACTIVE' && stage.loadBalancerUrl
      ? watchPage(
          stage.loadBalancerUrl,
          `${applicant.subdomain}.${stage.domain}`,
          () => failed,
          (status) => watcher?.page(applicant, status),
          signal,
        )
      : undefined;
  const run = await follow(new SFNClient(stage.aws), await signups.executionOf(eventId, 30_000, signal), {
    onProgress: (visits) => {
      onVisits?.(visits);
      watcher?.progress(applicant, visits);
    },
    ...(signal && { signal }),
  });
  const seconds = (performance.now() - sent) / 1000;
  failed = run.status !== 'SUCCEEDED';
  watcher?.ended(applicant, run);
  const signupId = readableSignupId(applicant.detail);
  const tenantId = signupId && tenantIdOf(signupId);
  const inventory = tenantId ? await inventoryOf(stage, tenantId) : undefined;
  return { applicant, run, seconds, tenantId, inventory, page: await sight };
}

/**
 * Plays the scenario. The others sign up as soon as the first company's reservation stands, while its tenant is still
 * being built.
 */
export async function playScenario(
  stage: StageConnection,
  options: { readonly watcher?: Watcher; readonly signal?: AbortSignal } = {},
): Promise<Outcome[]> {
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
  return [...(await first), ...(await then)];
}
