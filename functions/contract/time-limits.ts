import { ASK_DATABASE_SECONDS, MAX_ATTEMPTS, REQUEST_TIMEOUT_MS } from './call-limits';

/**
 * Seconds that one call may take: every attempt hangs. The SDK's two pauses between them are 1.5 s
 * at most ("Retry behavior": standard mode, throttled).
 */
const CALL_SECONDS = (MAX_ATTEMPTS * REQUEST_TIMEOUT_MS) / 1000 + 2;

/** "Lambda quotas": the longest timeout of a function. */
const LONGEST_SECONDS = 900;

/**
 * - calls: AWS calls that the action makes one after another, at most, when it is called again after
 *   a death. Calls side by side count once.
 * - pauses: seconds that the action itself waits, at most.
 * - seconds: for a function whose calls grow with the number of tenants. It ends at its deadline,
 *   and the next run goes on.
 */
type TimeLimit = { readonly calls: number; readonly pauses?: number } | { readonly seconds: number };

/**
 * For SetUpDatabase, whose work is not made of AWS calls. Roles and migrations are bounded by the timeouts of their
 * statements; the rows of a restored database take the longest. PrepareDatabase, RestoreDatabase and PerformAct wait for
 * that, and must end within Lambda's longest timeout.
 */
export const COPY_SECONDS = 300;

/**
 * A verification asks each violation once more before it counts (isolation/verify-patiently.ts). A check about an object
 * or the database needs six calls in a row. In a look, four reads in a row may each be repeated after 3.5 s of pauses
 * (shared/repeated.ts).
 */
const SECOND_LOOK = { calls: 6, pauses: 14 } as const;
/** Seconds that a verification waits for a role or a rule that is new, besides what repeated reads wait. */
const PATIENCE_SECONDS = 60 + 14;

/**
 * What each function's timeout follows from. A test counts the calls of the onboarding's actions;
 * those of the others were read in their code.
 *
 * ReserveTenant repeats its calls when other executions change its claims, and DeleteStack empties a
 * bucket of any size: both end at their deadline, and the retry goes on.
 */
const TIME_LIMITS: Readonly<Record<string, TimeLimit>> = {
  ReserveTenant: { calls: 12, pauses: 7 },
  CreateTenantKey: { calls: 9 },
  LaunchStack: { calls: 11 },
  // SetUpDatabase is one of the calls, and takes its own time. For a tenant in service there are seven.
  PrepareDatabase: { calls: 8, pauses: COPY_SECONDS },
  SetUpDatabase: { seconds: COPY_SECONDS },
  // It waits two minutes for a password, and for PrepareDatabase. PerformAct waits as long for its answer.
  RestoreDatabase: { seconds: 710 },
  AskDatabase: { seconds: ASK_DATABASE_SECONDS },
  // It waits for RDS to apply the password, and asks for it thirteen times (database/master-password.ts).
  RotateMasterSecret: { seconds: LONGEST_SECONDS },
  RegisterTenant: { calls: 13 },
  // AskDatabase is asked side by side with AWS, after a session and a secret: that takes no longer than the twelve calls.
  VerifyIsolation: { calls: 12 + SECOND_LOOK.calls, pauses: PATIENCE_SECONDS + SECOND_LOOK.pauses },
  ActivateTenant: { calls: 15 },
  // Seven requests for the page, of 8 s at most each, and the pauses between them (compute/tenant-page.ts).
  PublishCompletion: { calls: 2, pauses: 65 },
  DeregisterTenant: { calls: 16 },
  DeleteStack: { calls: 17 },
  RetireTenantKey: { calls: 18 },
  ReleaseReservation: { calls: 2 },
  PublishFailure: { calls: 3 },
  ConcludeFailure: { calls: 1 },
  // The request to the live version is one of the calls.
  ClaimMigration: { calls: 7 },
  // It scans the table.
  PlanMigration: { seconds: 300 },
  StopMigration: { calls: 5 },
  SettleMigration: { calls: 4 },
  // A cell after the other.
  AuditSurroundings: { seconds: 300 },
  // Both scan the table.
  ListTenants: { seconds: 300 },
  AuditTenant: { calls: 17 + SECOND_LOOK.calls, pauses: PATIENCE_SECONDS + SECOND_LOOK.pauses },
  JudgeAudit: { seconds: 300 },
  SuspendTenant: { calls: 8, pauses: 65 },
  ReportBreach: { calls: 1 },
  ConcludeAudit: { calls: 1 },
  ResumeTenant: { calls: 11, pauses: 65 },
  ClaimRelease: { calls: 5 },
  PrepareTask: { calls: 5 },
  FillColour: { calls: 12 },
  DeploymentSettled: { calls: 7 },
  AlarmRaised: { calls: 6 },
  // Those with work for each tenant of a cell: Elastic Load Balancing changes three rules a second.
  ProbeColour: { seconds: 300 },
  ShiftRing: { seconds: 300 },
  BakeRing: { calls: 2 },
  JudgeRing: { seconds: 300 },
  SettleRelease: { seconds: 300 },
  ConcludeRelease: { calls: 3 },
  ReturnTenants: { seconds: 300 },
  KeepCells: { seconds: 300 },
  PublishReturn: { calls: 3 },
  RetryMove: { calls: 18, pauses: 65 },
  ConcludeReturn: { calls: 1 },
  SeedTasks: { calls: 6 },
  // A role that was just made is asked again for some seconds (shared/once-visible.ts).
  SeedRingZero: { calls: 6, pauses: 60 },
  // It waits for the slowest of the functions that it calls, RestoreDatabase, and has some calls of its own.
  PerformAct: { seconds: LONGEST_SECONDS },
  // The response to CloudFormation is one of the calls.
  SeedCell: { calls: 9 },
  StackSettled: { calls: 8 },
  Watchdog: { calls: 12 },
  Sweep: { seconds: 300 },
  Orphans: { seconds: LONGEST_SECONDS },
};

/** How many calls in a row the function's timeout covers. @throws Error without such a row */
export function callsOf(name: string): number {
  const limit = TIME_LIMITS[name];
  if (!limit || !('calls' in limit)) throw new Error(`contract/time-limits.ts has no number of calls of ${name}`);
  return limit.calls;
}

/**
 * The timeout of a function, seconds: as many calls in a row as the action makes, each as slow as its
 * client allows. So a service that hangs is reported by the action, and not by a killed function.
 *
 * @throws Error when the function has no row, or would need more than Lambda allows
 */
export function functionSeconds(name: string): number {
  const limit = TIME_LIMITS[name];
  if (!limit) throw new Error(`contract/time-limits.ts has no row for the function ${name}`);
  const seconds = 'seconds' in limit ? limit.seconds : limit.calls * CALL_SECONDS + (limit.pauses ?? 0);
  if (seconds > LONGEST_SECONDS) throw new Error(`${name} would need ${seconds} s; Lambda allows ${LONGEST_SECONDS} s`);
  return seconds;
}

/**
 * The timeout of a state that waits for the function's answer, seconds. Longer than the function's,
 * by the start of a sandbox, so that a hanging function ends under its own error.
 */
export const stateSeconds = (action: string): number => functionSeconds(action) + 15;
