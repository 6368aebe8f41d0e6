import { failureReport, failureText } from '../../functions/contract/failure-report';
import { CaughtFailureSchema, type Outcome, REASON_MAX_LENGTH } from '../../functions/contract/tenant';
import { workflowNamed } from '../../functions/contract/workflows';
import type { Subject } from './arm-fault';
import type { Census } from './census';
import type { End, Lab } from './lab';
import type { Ending } from './verdict';

/** What one source says of a failed run: the error's name, and the whole report as a person reads it. */
interface Statement {
  readonly who: string;
  readonly error: string;
  readonly text: string;
}

interface Reported {
  readonly step: string;
  readonly error: string;
  readonly reason: string;
  readonly outcome: Outcome;
}

function statement(who: string, executionArn: string, reported: Reported | undefined): Statement {
  if (!reported) return { who, error: '', text: 'nothing' };
  const text = failureText(failureReport({ executionArn, failure: reported, outcome: reported.outcome }));
  return { who, error: reported.error, text: text.slice(0, REASON_MAX_LENGTH) };
}

function statementsOf(end: End, { tenantId, executionArn }: Subject, { table }: Census, lab: Lab): Statement[] {
  const { state: step, error, cause } = end;
  const { reason } = CaughtFailureSchema.parse({ step, error, cause });
  const event = lab.announcements.of(executionArn).failures.at(-1);
  const { failedStep = '', outcome } = event ?? {};
  return [
    { who: 'the execution', error, text: reason },
    statement('the record', executionArn, (table.records.get(tenantId) ?? table.refusals.get(tenantId))?.failure),
    statement('the announcement', executionArn, event && outcome && { ...event, step: failedStep, outcome }),
  ];
}

/**
 * Record, announcement and execution must name the same error, step, reason and outcome: an operator may read any of them.
 *
 * @returns the differences, in words
 */
export function consistencyProblems(end: End, ending: Ending, subject: Subject, census: Census, lab: Lab): string[] {
  if (ending === 'active') {
    const unheard = lab.announcements.of(subject.executionArn).onboarded.length === 0;
    return end.status === 'SUCCEEDED' && unheard ? ['the tenant was never announced'] : [];
  }
  if (ending === 'stopped') return stoppedProblems(end, subject, census);
  const [first, ...others] = statementsOf(end, subject, census, lab);
  return others
    .filter(({ error, text }) => error !== first?.error || text !== first.text)
    .map(
      ({ who, error, text }) => `${first?.who} says ${first?.error}: ${first?.text}\n    ${who} says ${error}: ${text}`,
    );
}

/** Everything has been undone by then, and is on record: what is missing is the announcement, or the end. */
const AFTER_ROLLBACK = workflowNamed('TenantOnboarding').failure;

/** The watchdog has noticed, and the record says that something may be left. */
function stoppedProblems({ state }: End, { tenantId }: Subject, { table }: Census): string[] {
  const record = table.records.get(tenantId);
  const said = record?.failure?.outcome;
  if (!record || said === 'unfinished' || (said === 'rolled-back' && state in AFTER_ROLLBACK)) return [];
  return [`the run has stopped at ${state}, and the record says "${said ?? 'nothing'}"`];
}
