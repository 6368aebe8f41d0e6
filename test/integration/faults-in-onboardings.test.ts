import { faultBench, testTrials } from '../support/fault-trials';

/**
 * On the way forward: calls that AWS does not take, or that take effect, and whose answer never comes; states that are
 * ended, and stacks that fail.
 */
const trials = [
  'throttled three times: CreateTenantKey kms:CreateKey#1',
  'refused for good: ReserveTenant dynamodb:TransactWriteItems#1',
  'refused for good: VerifyIsolation kms:GetKeyPolicy#1',
  'refused for good: PublishCompletion events:PutEvents#1',
  'answered 5xx before the effect: LaunchDatabase cloudformation:CreateStack#1',
  'function out of memory before the effect: RegisterTenant elasticloadbalancing:CreateRule#1',
  'function out of time, the effect comes later: LaunchNetwork cloudformation:CreateStack#1',
  'effect done, answer lost: RegisterTenant elasticloadbalancing:CreateRule#1',
  'effect done, answer lost: ReserveTenant dynamodb:TransactWriteItems#1',
  'function killed after the effect: CreateTenantKey kms:CreateKey#1',
  'function killed after the effect: ActivateTenant dynamodb:TransactWriteItems#1',
  'state times out: VerifyIsolation',
  'stack fails at a resource: database Replica',
  'stack event doubled: network',
  'sibling still launching: storage being created',
  'StopExecution: RegisterTenant',
];
testTrials(faultBench(), trials, { everyEventTwice: true });
