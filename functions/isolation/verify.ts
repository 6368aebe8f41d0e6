import { setImmediate as nextTurn } from 'node:timers/promises';
import { isTransient } from '../contract/errors';
import { translateError } from '../shared/error-translation';
import { withoutStackTraces } from '../shared/without-stack-traces';
import { CATALOGUE } from './catalogue';
import { CHECK_GROUPS, type Check, type CheckGroup, type Finding, groupOf, type Sources } from './check';
import type { Answer, Report } from './report';
import type { Subject } from './subject';

/**
 * Fails closed: a question that cannot be answered counts as answered by "no". A passing fault of AWS is no answer at all,
 * and is thrown on, for the machine to ask again.
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
 * Groups begin one turn of the event loop after the other, so that the first requests are on their way while the next are
 * being signed. Probes are first, as they wait for sessions; then the groups whose answers are longest.
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
      const { id, title, question, severity, control } = check;
      const at = now().toISOString();
      return { id, group: groupOf(check), title, question, severity, control, passed, evidence, at };
    }),
  );
}

/**
 * Asks every question of the catalogue about one tenant, all side by side. Pure but for its sources: an onboarding, an
 * audit and a person at a terminal get the same report.
 *
 * @throws PlatformError `Transient*` when a service failed in passing; then there is no report
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
