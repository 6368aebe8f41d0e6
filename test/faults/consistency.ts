import { failureReport, failureText } from '../../functions/contract/failure-report';
import { CaughtFailureSchema, type Outcome as Fate, REASON_MAX_LENGTH } from '../../functions/contract/tenant';
import type { Subject } from './arm-fault';
import type { Census } from './census';
import type { End, Lab } from './lab';
import type { Outcome } from './verdict';

/** What one of those who are asked says of a failed run: the error's name, and the whole report as a person reads it. */
interface Telling {
  readonly who: string;
  readonly error: string;
  readonly text: string;
}

interface Told {
  readonly step: string;
  readonly error: string;
  readonly reason: string;
  readonly outcome: Fate;
}

function telling(who: string, executionArn: string, told: Told | undefined): Telling {
  if (!told) return { who, error: '', text: 'nothing' };
  const text = failureText(failureReport({ executionArn, failure: told, outcome: told.outcome }));
  return { who, error: told.error, text: text.slice(0, REASON_MAX_LENGTH) };
}

function tellings(end: End, { tenantId, executionArn }: Subject, { table }: Census, lab: Lab): Telling[] {
  const { state: step, error, cause } = end;
  const { reason } = CaughtFailureSchema.parse({ step, error, cause });
  const event = lab.announcements.of(executionArn).failures.at(-1);
  const { failedStep = '', outcome } = event ?? {};
  return [
    { who: 'the execution', error, text: reason },
    telling('the record', executionArn, (table.records.get(tenantId) ?? table.refusals.get(tenantId))?.failure),
    telling('the announcement', executionArn, event && outcome && { ...event, step: failedStep, outcome }),
  ];
}

/**
 * An operator asks one question and gets one answer, wherever he asks: record, announcement and execution tell the same
 * error, step, reason and outcome.
 *
 * @returns in words, where they do not
 */
export function toldProblems(end: End, outcome: Outcome, subject: Subject, census: Census, lab: Lab): string[] {
  if (outcome === 'active') {
    const unheard = lab.announcements.of(subject.executionArn).onboarded.length === 0;
    return end.status === 'SUCCEEDED' && unheard ? ['the tenant was never announced'] : [];
  }
  if (outcome === 'stopped') return stoppedProblems(end, subject, census);
  const [first, ...others] = tellings(end, subject, census, lab);
  return others
    .filter(({ error, text }) => error !== first?.error || text !== first.text)
    .map(
      ({ who, error, text }) => `${first?.who} says ${first?.error}: ${first?.text}\n    ${who} says ${error}: ${text}`,
    );
}

/** Everything has been undone by then, and is on record: what is missing is the announcement, or the end. */
const AFTER_ROLLBACK: ReadonlySet<string> = new Set(['PublishFailure', 'ConcludeFailure']);

/** The watchdog has noticed, and the record says that something may be left. */
function stoppedProblems({ state }: End, { tenantId }: Subject, { table }: Census): string[] {
  const record = table.records.get(tenantId);
  const said = record?.failure?.outcome;
  if (!record || said === 'unfinished' || (said === 'rolled-back' && AFTER_ROLLBACK.has(state))) return [];
  return [`the run has stopped at ${state}, and the record says "${said ?? 'nothing'}"`];
}
