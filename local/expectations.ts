import { isDeepStrictEqual } from 'node:util';
import { ReserveTenantOutput } from '../functions/contract/onboarding';
import { STACK_KINDS } from '../functions/contract/stacks';
import { escapeHtml } from '../functions/shared/html';
import type { Expectation, Outcome } from './scenario';

const left = (outcome: Outcome, state: string) => outcome.run.visits.findLast((visit) => visit.state === state)?.leftAt;

function* missingOfActive({ run, inventory, page, ...outcome }: Outcome): Generator<string> {
  const record = inventory?.record;
  if (run.status !== 'SUCCEEDED') yield `its run ended ${run.status}: ${run.failure?.error} ${run.failure?.reason}`;
  if (record?.status !== 'ACTIVE') yield `its record is ${record?.status ?? 'missing'}`;
  if (record?.executionArn !== run.executionArn) yield "its record is another run's";
  const stacks = inventory?.stacks.map(({ kind, status }) => `${kind} ${status}`) ?? [];
  const wanted = STACK_KINDS.map((kind) => `${kind} CREATE_COMPLETE`);
  if (!isDeepStrictEqual(stacks, wanted)) yield `its stacks are ${stacks.join(', ') || 'missing'}`;
  if (inventory?.keyState !== 'Enabled') yield `its key is ${inventory?.keyState ?? 'missing'}`;
  if (!page) return;
  const seen = page.changes.map(({ status }) => status);
  if (!seen.includes(503)) yield `its page was never 503 before it was there: ${seen.join(', ')}`;
  if (page.last.status !== 200) yield `its page is ${page.last.status}`;
  if (!page.last.body.includes(escapeHtml(outcome.applicant.companyName))) yield 'its page does not name the company';
  const opened = page.changes.find(({ status }) => status === 200)?.at;
  const verified = left({ run, inventory, page, ...outcome }, 'VerifyIsolation');
  if (opened && !(verified && opened >= verified)) yield 'its page was there before it was verified';
}

function* missingOfDuplicate({ run }: Outcome, first: Outcome): Generator<string> {
  const output = ReserveTenantOutput.safeParse(run.output).data;
  if (run.status !== 'SUCCEEDED') yield `its run ended ${run.status}: ${run.failure?.error} ${run.failure?.reason}`;
  if (output?.outcome !== 'duplicate' || output.firstExecutionArn !== first.run.executionArn) {
    yield `it does not point at the first run: ${JSON.stringify(run.output)}`;
  }
  const states = run.visits.map(({ state }) => state);
  if (states.includes('CreateTenantKey')) yield `it did not end at once: ${states.join(', ')}`;
}

function* missingOfRefused({ run, inventory }: Outcome, error: string): Generator<string> {
  if (run.status !== 'FAILED' || run.failure?.error !== error) {
    yield `its run ended ${run.status}: ${run.failure?.error} ${run.failure?.reason}`;
  }
  if (inventory?.record?.slot || inventory?.stacks.length || inventory?.keyState) yield 'it left something behind';
}

/** Words that the reason of a refusal must contain, so that a reader knows what to do. */
const MENTIONS: Partial<Record<Expectation, readonly string[]>> = {
  InvalidSignup: ['subdomain', 'contactEmail', 'plan'],
  SubdomainTaken: ['acme'],
  StackFailed: ['AWS::Logs::LogGroup', 'already exists'],
};

function* missing(outcome: Outcome, first: Outcome): Generator<string> {
  const { expected } = outcome.applicant;
  if (expected === 'ACTIVE') yield* missingOfActive(outcome);
  else if (expected === 'duplicate') yield* missingOfDuplicate(outcome, first);
  else yield* missingOfRefused(outcome, expected);
  const reason = outcome.run.failure?.reason ?? '';
  const silent = (MENTIONS[expected] ?? []).filter((word) => !reason.includes(word));
  if (silent.length > 0) yield `its reason does not name ${silent.join(', ')}: ${reason}`;
}

/** @returns one sentence for each way in which a signup did not end as expected */
export function disappointments(outcomes: readonly Outcome[]): string[] {
  const [first] = outcomes;
  if (!first) return ['nobody signed up'];
  return outcomes.flatMap((outcome) =>
    [...missing(outcome, first)].map((what) => `${outcome.applicant.label}: ${what}`),
  );
}

/** How a signup ended, in the words of the expectations. */
export function became({ run }: Outcome): Expectation | string {
  if (run.status !== 'SUCCEEDED') return run.failure?.error ?? run.status;
  return ReserveTenantOutput.safeParse(run.output).data?.outcome === 'duplicate' ? 'duplicate' : 'ACTIVE';
}
