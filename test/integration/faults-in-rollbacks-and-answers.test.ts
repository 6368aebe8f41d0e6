import { faultBench, testTrials } from '../support/fault-trials';

/**
 * Each kind of fault of the rollback, at the calls that are hardest to get right, and calls of the way forward that take
 * effect, and whose answer never comes.
 */
testTrials(faultBench(), [
  'throttled three times, in the rollback: DeleteNetwork cloudformation:DeleteStack#1',
  'refused for good, in the rollback: RetireTenantKey kms:ScheduleKeyDeletion#1',
  'answered 5xx before the effect, in the rollback: PublishFailure events:PutEvents#1',
  'effect done, answer lost, in the rollback: ReleaseReservation dynamodb:TransactWriteItems#1',
  'function killed after the effect, in the rollback: DeregisterTenant elasticloadbalancing:DeleteRule#1',
  'effect done, answer lost: RegisterTenant elasticloadbalancing:CreateRule#1',
  'effect done, answer lost: ReserveTenant dynamodb:TransactWriteItems#1',
  'function killed after the effect: CreateTenantKey kms:CreateKey#1',
  'function killed after the effect: ActivateTenant dynamodb:TransactWriteItems#1',
]);
