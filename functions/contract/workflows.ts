/** Names of states, each with the action that the state calls. */
export type StateActions = Readonly<Record<string, string>>;

/**
 * One state machine. A workflow is a row of this table and an ASL file; it has no code of its own.
 * Tests compare the row with the file. An action, its source file, its construct and its
 * placeholder have the same name, and tests check that.
 */
export interface Workflow {
  /** Name of the state machine. The ARNs of its executions contain it. */
  readonly name: string;
  /** Name of the file in statemachines/. */
  readonly file: string;
  /** The state at which every attempt begins. */
  readonly firstState: string;
  /** States of a run without an error, in order. */
  readonly forward: StateActions;
  /** States that undo, in the order of the rollback. */
  readonly undos: StateActions;
  /**
   * For some failed states, the undo at which the rollback starts. The default is the first undo.
   */
  readonly rollbackFrom: Readonly<Record<string, string>>;
  /** States that record and publish a failure, after the rollback. */
  readonly failure: StateActions;
  /**
   * The state at which a failed run ends after its failure is recorded and published; null: no such
   * state.
   */
  readonly conclusion: string | null;
  /**
   * Whether a run concludes its failure itself. If so, Watchdog and Sweep notice a run that ended
   * elsewhere. Failures of the other workflows raise an alarm.
   */
  readonly watched: boolean;
}

export const WORKFLOWS = [
  {
    name: 'TenantOnboarding',
    file: 'tenant-onboarding.asl.yaml',
    firstState: 'BeginAttempt',
    forward: {
      ReserveTenant: 'ReserveTenant',
      CreateTenantKey: 'CreateTenantKey',
      LaunchNetwork: 'LaunchStack',
      LaunchDatabase: 'LaunchStack',
      LaunchAccess: 'LaunchStack',
      LaunchStorage: 'LaunchStack',
      PrepareDatabase: 'PrepareDatabase',
      RegisterTenant: 'RegisterTenant',
      VerifyIsolation: 'VerifyIsolation',
      ActivateTenant: 'ActivateTenant',
      PublishCompletion: 'PublishCompletion',
    },
    undos: {
      DeregisterTenant: 'DeregisterTenant',
      DeleteAccess: 'DeleteStack',
      DeleteDatabase: 'DeleteStack',
      DeleteNetwork: 'DeleteStack',
      DeleteStorage: 'DeleteStack',
      RetireTenantKey: 'RetireTenantKey',
      ReleaseReservation: 'ReleaseReservation',
    },
    rollbackFrom: { ReserveTenant: 'ReleaseReservation' },
    failure: { PublishFailure: 'PublishFailure', ConcludeFailure: 'ConcludeFailure' },
    conclusion: 'ConcludeFailure',
    watched: true,
  },
  {
    name: 'TenantIsolationAudit',
    file: 'tenant-isolation-audit.asl.yaml',
    firstState: 'BeginAudit',
    forward: {
      AuditSurroundings: 'AuditSurroundings',
      ListTenants: 'ListTenants',
      AuditTenant: 'AuditTenant',
      JudgeAudit: 'JudgeAudit',
      SuspendTenant: 'SuspendTenant',
      ReportBreach: 'ReportBreach',
      ConcludeAudit: 'ConcludeAudit',
    },
    undos: {},
    rollbackFrom: {},
    failure: {},
    conclusion: null,
    watched: false,
  },
  {
    name: 'TenantRelease',
    file: 'tenant-release.asl.yaml',
    firstState: 'BeginRelease',
    forward: {
      ClaimRelease: 'ClaimRelease',
      PrepareTask: 'PrepareTask',
      FillColour: 'FillColour',
      ProbeColour: 'ProbeColour',
      ShiftRing: 'ShiftRing',
      BakeRing: 'BakeRing',
      JudgeRing: 'JudgeRing',
      SettleRelease: 'SettleRelease',
      ConcludeRelease: 'ConcludeRelease',
    },
    undos: { ReturnTenants: 'ReturnTenants' },
    rollbackFrom: {},
    failure: { PublishReturn: 'PublishReturn', ConcludeReturn: 'ConcludeReturn' },
    conclusion: 'ConcludeReturn',
    watched: true,
  },
  {
    name: 'TenantMigration',
    file: 'tenant-migration.asl.yaml',
    firstState: 'BeginMigration',
    forward: {
      ClaimMigration: 'ClaimMigration',
      PlanMigration: 'PlanMigration',
      MigrateTenant: 'PrepareDatabase',
      StopMigration: 'StopMigration',
      SettleMigration: 'SettleMigration',
    },
    undos: {},
    rollbackFrom: {},
    failure: { ConcludeMigration: 'ConcludeReturn' },
    conclusion: 'ConcludeMigration',
    watched: true,
  },
] as const satisfies readonly Workflow[];

export type WorkflowName = (typeof WORKFLOWS)[number]['name'];

function rowOf(name: string): Workflow {
  const row: Workflow | undefined = WORKFLOWS.find((workflow) => workflow.name === name);
  if (!row) throw new Error(`contract/workflows.ts lists no workflow called ${name}`);
  return row;
}

export const workflowNamed = (name: WorkflowName): Workflow => rowOf(name);

/** The workflows whose runs Watchdog and Sweep monitor. */
export const watchedWorkflows = (): readonly Workflow[] => WORKFLOWS.filter(({ watched }) => watched);

/** The workflows that call at least one of the actions. */
export const workflowsCalling = (...actions: readonly string[]): readonly Workflow[] =>
  WORKFLOWS.filter((workflow) => actionsOf(workflow).some((action) => actions.includes(action)));

/**
 * The workflow of an execution, by its ARN: `...:execution:NAME:ID`, or of a Map's child
 * `...:execution:NAME/LABEL:ID`.
 *
 * @throws Error when the table has no such workflow
 */
export const workflowOf = (executionArn: string): Workflow =>
  rowOf(executionArn.split(':')[6]?.split('/')[0] ?? executionArn);

/** Every state that calls an action, with the action. */
export const taskStatesOf = ({ forward, undos, failure }: Workflow): StateActions => ({
  ...forward,
  ...undos,
  ...failure,
});

/** Names of the functions that the workflow calls, each once. */
export const actionsOf = (workflow: Workflow): string[] => [...new Set(Object.values(taskStatesOf(workflow)))];

/** The undos of a run that failed at this state, in the order of the rollback. */
export function undosAfter({ undos, rollbackFrom }: Workflow, failedState: string): string[] {
  const states = Object.keys(undos);
  const first = rollbackFrom[failedState];
  return first === undefined ? states : states.slice(states.indexOf(first));
}
