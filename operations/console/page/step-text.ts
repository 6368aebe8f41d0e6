import type { Run, RunState } from '../api/runs';

/** What each state does, for people who do not know the state machine. */
export const STEP_TEXT: Readonly<Record<string, string>> = {
  ReserveTenant: 'checks the signup and claims its subdomain and a slot',
  CreateTenantKey: 'creates the tenant’s KMS key',
  LaunchNetwork: 'creates the tenant’s network',
  LaunchDatabase: 'creates the tenant’s database',
  LaunchAccess: 'creates the tenant’s role',
  LaunchStorage: 'creates the tenant’s bucket',
  PrepareDatabase: 'prepares roles and tables of the database',
  RegisterTenant: 'creates the route, which answers 503 until the tenant is verified',
  VerifyIsolation: 'verifies that the tenant is isolated',
  ActivateTenant: 'puts the tenant in service',
  PublishCompletion: 'announces the tenant',
  DeregisterTenant: 'removes the route',
  DeleteAccess: 'deletes the role',
  DeleteDatabase: 'deletes the database',
  DeleteNetwork: 'deletes the network',
  DeleteStorage: 'deletes the bucket',
  RetireTenantKey: 'disables the key and schedules its deletion',
  ReleaseReservation: 'gives subdomain and slot back',
  PublishFailure: 'announces the failure',
  ConcludeFailure: 'ends the run under the name of its error',
  ClaimRelease: 'claims the cell for the release',
  PrepareTask: 'registers the task definition',
  FillColour: 'starts tasks of the new version in the idle colour',
  ProbeColour: 'requests the pages of the new version',
  ShiftRing: 'moves the tenants of a ring',
  BakeRing: 'watches the ring',
  JudgeRing: 'judges the ring by its requests',
  SettleRelease: 'makes the new colour live',
  ConcludeRelease: 'announces the release',
  ReturnTenants: 'brings the tenants back',
  PublishReturn: 'announces the return',
  ConcludeReturn: 'ends the release under the name of its error',
  AuditSurroundings: 'checks what all tenants of a cell share',
  ListTenants: 'lists the tenants in service',
  AuditTenant: 'verifies each tenant',
  JudgeAudit: 'judges all answers together',
  SuspendTenant: 'suspends tenants whose isolation is broken',
  ReportBreach: 'notifies the operators',
  ConcludeAudit: 'publishes the numbers',
};

/** States to show: undos and the failure path only once the run has reached one of them. */
export function shownStates({ states }: Run): readonly RunState[] {
  const reached = (part: RunState['part']) => states.some((state) => state.part === part && state.status !== 'waiting');
  return states.filter(({ part }) => part === 'forward' || reached(part));
}

/** One sentence about the run, for a screen reader that follows it. */
export function runText({ status, states }: Run): string {
  const named = (is: RunState['status']) =>
    states
      .filter((state) => state.status === is && state.part !== 'failure')
      .map(({ state }) => state)
      .join(', ');
  if (status === 'SUCCEEDED') return 'The run has succeeded.';
  if (status === 'RUNNING') return named('running') ? `Under way: ${named('running')}.` : 'The run is under way.';
  return named('failed') ? `The run has failed: ${named('failed')}.` : `The run is ${status}.`;
}
