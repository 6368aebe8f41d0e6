import { faultBench, testTrials } from '../support/fault-trials';

/** Each kind of fault of the way forward, at the calls that are hardest to get right. */
testTrials(faultBench(), [
  'throttled three times: CreateTenantKey kms:CreateKey#1',
  'refused for good: ReserveTenant dynamodb:TransactWriteItems#1',
  'refused for good: VerifyIsolation kms:GetKeyPolicy#1',
  'refused for good: PublishCompletion events:PutEvents#1',
  'answered 5xx before the effect: LaunchDatabase cloudformation:CreateStack#1',
  'effect done, answer lost: RegisterTenant elasticloadbalancing:CreateRule#1',
  'effect done, answer lost: ReserveTenant dynamodb:TransactWriteItems#1',
  'function killed after the effect: CreateTenantKey kms:CreateKey#1',
  'function killed after the effect: ActivateTenant dynamodb:TransactWriteItems#1',
]);
