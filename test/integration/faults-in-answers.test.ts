import { faultBench, testTrials } from '../support/fault-trials';

/** Calls of the way forward that take effect, and whose answer never comes. */
testTrials(faultBench(), [
  'effect done, answer lost: RegisterTenant elasticloadbalancing:CreateRule#1',
  'effect done, answer lost: ReserveTenant dynamodb:TransactWriteItems#1',
  'function killed after the effect: CreateTenantKey kms:CreateKey#1',
  'function killed after the effect: ActivateTenant dynamodb:TransactWriteItems#1',
]);
