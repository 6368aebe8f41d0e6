import type { IRole } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { EventFunction } from '../../constructs/event-function';
import { PlatformFunction } from '../../constructs/platform-function';
import { auditFunctions } from './audit';
import { computeFunctions } from './compute';
import type { FunctionContext } from './context';
import { databaseFunctions } from './database';
import { deliveryFunctions } from './delivery';
import { isolationFunctions } from './isolation';
import { keyFunctions } from './key';
import { orphansFunction } from './orphans';
import { outcomeFunctions } from './outcome';
import { reservationFunctions } from './reservation';
import { routingFunctions } from './routing';
import { watchFunctions } from './runs';
import { stackFunctions } from './stacks';
import { auditSurroundings } from './surroundings';

export interface PlatformFunctions {
  readonly all: readonly PlatformFunction[];
  /** Functions that the cells' stacks call as custom resources. */
  readonly seedCell: PlatformFunction;
  readonly seedTasks: PlatformFunction;
  readonly seedRingZero: PlatformFunction;
  readonly deploymentSettled: EventFunction;
  readonly alarmRaised: EventFunction;
  readonly keepCells: PlatformFunction;
  readonly retryMove: PlatformFunction;
  /** Its environment names the published templates. */
  readonly launchStack: PlatformFunction;
  readonly stackSettled: EventFunction;
  readonly watchdog: EventFunction;
  readonly sweep: PlatformFunction;
  readonly orphans: PlatformFunction;
  /** For an operator's preview. */
  readonly planMigration: PlatformFunction;
  readonly restoreDatabase: PlatformFunction;
  readonly rotateMasterSecret: PlatformFunction;
  /** Functions of the audit, and ResumeTenant, which ends a suspension. */
  readonly audit: ReturnType<typeof auditFunctions> & { readonly auditTenant: PlatformFunction };
  /** Roles of functions that a tenant's role trusts, besides the shared service's role. */
  readonly trustedRoles: readonly IRole[];
}

export function platformFunctions(scope: Construct, context: FunctionContext): PlatformFunctions {
  const { activateTenant, seedRingZero } = routingFunctions(scope, context);
  const { prepareDatabase, planMigration, restoreDatabase, rotateMasterSecret } = databaseFunctions(scope, context);
  const { verifyIsolation, auditTenant } = isolationFunctions(
    scope,
    context,
    ['VerifyIsolation', 'AuditTenant', 'ActivateTenant', 'PrepareDatabase'].map((name) =>
      context.arns.functionRole(name),
    ),
  );
  const trustedRoles = [verifyIsolation.role, auditTenant.role, activateTenant.role, prepareDatabase.role];
  const { launchStack, stackSettled } = stackFunctions(
    scope,
    context,
    trustedRoles.map((role) => role.roleArn),
  );
  reservationFunctions(scope, context);
  keyFunctions(scope, context);
  outcomeFunctions(scope, context);
  const others = {
    ...computeFunctions(scope, context),
    seedRingZero,
    ...deliveryFunctions(scope, context),
    launchStack,
    stackSettled,
    ...watchFunctions(scope, context),
    orphans: orphansFunction(scope, context),
    planMigration,
    restoreDatabase,
    rotateMasterSecret,
    audit: { auditTenant, auditSurroundings: auditSurroundings(scope, context), ...auditFunctions(scope, context) },
    trustedRoles,
  };
  return { all: scope.node.children.filter((child) => child instanceof PlatformFunction), ...others };
}
