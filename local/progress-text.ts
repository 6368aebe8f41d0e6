import pc from 'picocolors';
import { taskStatesOf, workflowNamed } from '../functions/contract/workflows';
import type { Visit } from '../operations/client/progress';
import type { View } from './live-view';
import type { Applicant, Watcher } from './scenario';

const ONBOARDING = workflowNamed('TenantOnboarding');
const TASKS = taskStatesOf(ONBOARDING);
/** The steps of an onboarding, each shown as a mark. */
const STEPS = Map.groupBy(Object.keys(ONBOARDING.forward), (state) => ONBOARDING.forward[state]);

const isTask = ({ state }: Visit) => state in TASKS;

function mark(visits: readonly Visit[], states: readonly string[]): string {
  const own = states.map((state) => visits.findLast((visit) => visit.state === state));
  if (own.some((visit) => visit?.failed)) return pc.red('✘');
  if (own.every((visit) => visit?.leftAt)) return pc.green('✔');
  return own.some(Boolean) ? pc.cyan('●') : pc.dim('·');
}

const named = ({ state }: Visit) => (state in ONBOARDING.undos ? pc.yellow(`↶ ${state}`) : state);

const isOpen = (visit: Visit) => !visit.leftAt && !visit.failed;

/**
 * State of a run's present attempt: its time, a mark for each step, and the states that it is in.
 */
function rowOf(all: readonly Visit[], also = ''): string {
  const visits = all.slice(
    Math.max(
      0,
      all.findLastIndex(({ state }) => state === ONBOARDING.firstState),
    ),
  );
  const began = visits[0]?.enteredAt.getTime() ?? Date.now();
  const last = visits.at(-1)?.leftAt ?? visits.at(-1)?.enteredAt;
  const until = visits.some(isOpen) ? Date.now() : (last?.getTime() ?? began);
  const seconds = ((until - began) / 1000).toFixed(1).padStart(5);
  const marks = [...STEPS.values()].map((states) => mark(visits, states)).join(' ');
  const now = visits.filter((visit) => isTask(visit) && isOpen(visit)).map(named);
  return `${seconds} s  ${marks}  ${[now.join(', '), also].filter(Boolean).join('  ')}`;
}

function eventOf(visit: Visit): string {
  const { state, enteredAt, leftAt, errors, failed } = visit;
  const took = leftAt ? `${((leftAt.getTime() - enteredAt.getTime()) / 1000).toFixed(1)} s` : '';
  const error = errors.at(-1);
  if (failed) return `${state} failed: ${error}`;
  return errors.length > 0 ? `${state} done, ${took}, after ${errors.join(', ')}` : `${state} done, ${took}`;
}

/** Reports each end of a task once, although it gets all visits each time. */
class Ends {
  private readonly told = new Set<string>();

  of(visits: readonly Visit[]): string[] {
    const ended = visits.filter((visit) => isTask(visit) && (visit.leftAt || visit.failed));
    return ended.flatMap((visit) => {
      const id = `${visit.state} ${visit.enteredAt.getTime()}`;
      if (this.told.has(id)) return [];
      this.told.add(id);
      return [eventOf(visit)];
    });
  }
}

/** Shows the progress of a run in a view. */
export function watcherOn(view: View): Watcher {
  const ends = new Map<string, Ends>();
  const rows = new Map<string, { readonly visits: readonly Visit[]; readonly page: string }>();
  const draw = (applicant: Applicant, change: { readonly visits?: readonly Visit[]; readonly page?: string }) => {
    const row = { visits: [], page: '', ...rows.get(applicant.label), ...change };
    rows.set(applicant.label, row);
    view.row(applicant.label, () => rowOf(row.visits, row.page));
  };
  return {
    progress: (applicant, visits) => {
      const known = ends.get(applicant.label) ?? new Ends();
      ends.set(applicant.label, known);
      for (const text of known.of(visits)) view.event(applicant.label, text);
      draw(applicant, { visits });
    },
    page: (applicant, status, url) => {
      view.event(applicant.label, `${url} answers ${status}`);
      draw(applicant, { page: pc.dim(`page ${status}`) });
    },
    ended: (applicant, { status, failure, visits }) => {
      const text = failure ? pc.red(`${status}: ${failure.error}`) : pc.green(status);
      view.event(applicant.label, text);
      draw(applicant, { visits, page: text });
    },
  };
}
