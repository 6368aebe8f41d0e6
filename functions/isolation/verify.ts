import { setImmediate as nextTurn } from 'node:timers/promises';
import { settled } from '../shared/settled';
import { withoutStackTraces } from '../shared/without-stack-traces';
import { CATALOGUE } from './catalogue';
import { CHECK_GROUPS, type Check, type CheckGroup, controlLine, groupOf, NotAsked, type Sources } from './check';
import { parametersOf } from './facts/release-facts';
import { find } from './find';
import { evidenceOf, type Newness, opennessOf } from './newness';
import type { Answer, NotAskedAbout, Report } from './report';
import type { Subject } from './subject';

/**
 * Each group starts one turn of the event loop after the one before, so requests are sent while
 * others are still being signed. Probes start first, because they wait for sessions; then the
 * groups with the longest answers.
 *
 * @param begun before it, only the checks ahead of the others are at work: a hundred requests that are being signed would
 * keep the few that they need waiting
 */
function turnsAfter(begun: Promise<unknown>): ReadonlyMap<CheckGroup, Promise<unknown>> {
  let turn = begun;
  return new Map(
    CHECK_GROUPS.toReversed().map((group) => {
      const mine = turn;
      turn = turn.then(() => nextTurn());
      return [group, mine];
    }),
  );
}

/** A question that was left out, with the reason. */
const leftOut = ({ id, title }: Pick<Check, 'id' | 'title'>, because: string): NotAskedAbout => ({
  id,
  title,
  because,
});

async function answersTo(
  catalogue: readonly Check[],
  subject: Subject,
  sources: Sources,
  now: () => Date,
  newness?: Newness,
): Promise<(Answer | NotAskedAbout)[]> {
  const ahead = new Map(
    catalogue.filter((check) => check.ahead).map((check) => [check, find(check, subject, sources)]),
  );
  const over = Promise.allSettled(ahead.values());
  const turnOf = turnsAfter(ahead.size > 0 ? Promise.race([sources.probes.databaseAsked, over]) : over);
  return await settled(
    catalogue.map(async (check) => {
      await turnOf.get(groupOf(check));
      const found = await (ahead.get(check) ?? find(check, subject, sources));
      if (found instanceof NotAsked) return leftOut(check, found.message);
      const open = await opennessOf(found, sources, now(), newness);
      const { id, title, question, severity, controls, remediation } = check;
      const at = now().toISOString();
      const metadata = { id, group: groupOf(check), title, question, control: controlLine(controls) };
      const { passed } = found;
      const evidence = open ? found.evidence : evidenceOf(found, newness);
      return {
        ...{ ...metadata, severity: found.severity ?? severity, controls: [...controls], remediation, passed },
        ...{ ...(open && { open }), evidence, at },
      };
    }),
  );
}

/**
 * Runs every check of the catalogue on one tenant, side by side. Only its sources have effects, so
 * an onboarding, an audit and an operator get the same report.
 *
 * @param newness what of the tenant AWS may not show everywhere yet; absent when nothing is new
 * @throws PlatformError `Transient*` when a service has a transient fault; then there is no report
 */
export async function verify(
  subject: Subject,
  sources: Sources,
  now: () => Date,
  catalogue: readonly Check[] = CATALOGUE,
  newness?: Newness,
): Promise<Report> {
  const all = await withoutStackTraces(() => answersTo(catalogue, subject, sources, now, newness));
  const checks = all.filter((each) => 'passed' in each);
  const notAsked = all.filter((each) => 'because' in each);
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
    parameters: {
      network: parametersOf(subject, 'network'),
      database: parametersOf(subject, 'database'),
      storage: parametersOf(subject, 'storage'),
      access: parametersOf(subject, 'access'),
    },
    verifiedAt: now().toISOString(),
    passed: checks.every((answer) => answer.passed),
    checks,
    ...(notAsked.length > 0 && { notAsked }),
  };
}
