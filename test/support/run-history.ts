import { FakeClient } from './fake-client';

const entered = (name: string) => ({ type: 'TaskStateEntered', stateEnteredEventDetails: { name } });
const exited = (name: string) => ({ type: 'TaskStateExited', stateExitedEventDetails: { name } });

/**
 * What Step Functions tells of one execution. `history` names states in order: `DeleteAccess` was entered and exited,
 * `DeleteAccess!` was entered only. It comes back newest first, two events a page.
 */
export function fakeExecution(described: object, history: readonly string[]): FakeClient {
  const events = history.flatMap((state) =>
    state.endsWith('!') ? [entered(state.slice(0, -1))] : [entered(state), exited(state)],
  );
  const newestFirst = events.reverse();
  return new FakeClient({
    DescribeExecutionCommand: { status: 'FAILED', ...described },
    GetExecutionHistoryCommand: ({ nextToken, reverseOrder }: { nextToken?: string; reverseOrder?: boolean }) => {
      if (!reverseOrder) throw new Error('the history is long: read it from its end');
      const from = Number(nextToken ?? 0);
      const more = from + 2 < newestFirst.length;
      return { events: newestFirst.slice(from, from + 2), ...(more && { nextToken: String(from + 2) }) };
    },
  });
}

/** States of an onboarding up to the end of the Parallel. */
export const PROVISIONED = [
  'BeginAttempt',
  'ReserveTenant',
  'IsDuplicate',
  'CreateTenantKey',
  'LaunchNetwork',
  'LaunchStorage',
  'LaunchDatabase',
  'LaunchAccess',
];
