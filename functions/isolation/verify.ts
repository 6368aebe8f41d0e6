import { setImmediate as nextTurn } from 'node:timers/promises';
import { isTransient } from '../contract/errors';
import { translateError } from '../shared/error-translation';
import { withoutStackTraces } from '../shared/without-stack-traces';
import { CATALOGUE } from './catalogue';
import { CHECK_GROUPS, type Check, type CheckGroup, controlLine, type Finding, groupOf, type Sources } from './check';
import type { Answer, Report } from './report';
import type { Subject } from './subject';

/**
 * Fails closed: a check that cannot be answered fails. A transient fault of AWS is no answer; it is
 * thrown, and the state machine retries the verification.
 */
async function find(check: Check, subject: Subject, sources: Sources): Promise<Finding> {
  try {
    return await check.run(subject, sources);
  } catch (thrown) {
    const error = translateError(thrown);
    if (isTransient(error.name)) throw error;
    return { passed: false, evidence: `could not be answered: ${error.message}` };
  }
}

/**
 * Each group starts one turn of the event loop after the one before, so requests are sent while
 * others are still being signed. Probes start first, because they wait for sessions; then the
 * groups with the longest answers.
 */
function turns(): ReadonlyMap<CheckGroup, Promise<unknown>> {
  let turn: Promise<unknown> = Promise.resolve();
  return new Map(
    CHECK_GROUPS.toReversed().map((group) => {
      const mine = turn;
      turn = turn.then(() => nextTurn());
      return [group, mine];
    }),
  );
}

async function answersTo(
  catalogue: readonly Check[],
  subject: Subject,
  sources: Sources,
  now: () => Date,
): Promise<Answer[]> {
  const turnOf = turns();
  return await Promise.all(
    catalogue.map(async (check) => {
      await turnOf.get(groupOf(check));
      const { passed, evidence } = await find(check, subject, sources);
      const { id, title, question, severity, controls, remediation } = check;
      const at = now().toISOString();
      const metadata = { id, group: groupOf(check), title, question, severity, control: controlLine(controls) };
      return { ...metadata, controls: [...controls], remediation, passed, evidence, at };
    }),
  );
}

/**
 * Runs every check of the catalogue on one tenant, side by side. Only its sources have effects, so
 * an onboarding, an audit and an operator get the same report.
 *
 * @throws PlatformError `Transient*` when a service has a transient fault; then there is no report
 */
export async function verify(
  subject: Subject,
  sources: Sources,
  now: () => Date,
  catalogue: readonly Check[] = CATALOGUE,
): Promise<Report> {
  const checks = await withoutStackTraces(() => answersTo(catalogue, subject, sources, now));
  const { tenant, stacks } = subject;
  return {
    version: 1,
    tenantId: tenant.tenantId,
    host: tenant.host,
    cell: tenant.slot.cell,
    routed: subject.routed,
    templateVersions: {
      network: stacks.network.templateVersion,
      database: stacks.database.templateVersion,
      storage: stacks.storage.templateVersion,
      access: stacks.access.templateVersion,
    },
    verifiedAt: now().toISOString(),
    passed: checks.every((answer) => answer.passed),
    checks,
  };
}
