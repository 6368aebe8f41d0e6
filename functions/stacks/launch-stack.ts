import {
  CloudFormationClient,
  CloudFormationServiceException,
  CreateStackCommand,
  DeleteStackCommand,
  type Stack,
} from '@aws-sdk/client-cloudformation';
import { SFNClient } from '@aws-sdk/client-sfn';
import type * as z from 'zod';
import { isTransient, PlatformError } from '../contract/errors';
import { TENANT_TAG, tenantNames } from '../contract/naming';
import { LaunchStackInput, LaunchStackOutput } from '../contract/onboarding';
import type { WaitingTask } from '../contract/records';
import { type PublishedTemplates, PublishedTemplatesSchema, type StackKind } from '../contract/stacks';
import { functionSeconds } from '../contract/time-limits';
import { type Action, actionHandler } from '../shared/action-handler';
import { clientOptions } from '../shared/clients';
import { env } from '../shared/env';
import { inAwsWords } from '../shared/error-translation';
import { isNamed } from '../shared/is-named';
import { parseAt } from '../shared/parse-at';
import { allows, claimLost } from '../tenants/lifecycle';
import { findTenant } from '../tenants/tenant-store';
import { tenantsTable } from '../tenants/tenants-table';
import { creationError } from './failure-reasons';
import { isTenantsStack, requireOwnStack } from './own-stack';
import { requestDeletion, requestToken } from './requests';
import { type SettleStackDeps, settleStack, TEMPLATE_VERSION_TAG } from './settle-stack';
import { type StackPlatform, stackParameters } from './stack-parameters';
import { describeStack, latestStatus } from './stacks';
import { beginWaiting, endWaiting, waitFor, waitForPermitted } from './waiting-task';

export interface LaunchStackDeps extends SettleStackDeps {
  readonly platform: StackPlatform & { readonly stackRoleArn: string; readonly templates: PublishedTemplates };
  readonly now: () => Date;
}

type Launch = z.output<typeof LaunchStackInput>;
type LaunchTask = WaitingTask & { operation: 'launch' };

/**
 * Lease of a launch, milliseconds: how long it may still create its stack. Longer than the
 * function's timeout.
 */
export const LAUNCH_LEASE = (functionSeconds('LaunchStack') + 15) * 1000;

/**
 * Whether CloudFormation refused the request at the first try, so that the request creates no
 * stack.
 */
const isRefused = (thrown: unknown) =>
  thrown instanceof CloudFormationServiceException &&
  (thrown.$metadata.httpStatusCode ?? 500) < 500 &&
  thrown.$metadata.attempts === 1;

/**
 * CloudFormation's words for a template that it cannot read ("CreateStack": TemplateURL). Whoever may
 * not list a bucket is told AccessDenied of a missing object ("GetObject").
 */
const UNREADABLE =
  /S3 error|TemplateURL|template (?:not found|file|url|object)|NoSuchKey|specified key does not exist/i;

/**
 * What to throw of a refused request. CloudFormation calls ValidationError also what S3 or IAM has told it: a request rate, a
 * role that it cannot assume yet. A template that is gone is named: a deployment publishes it, and a bucket's lifecycle or the
 * garbage collection of assets may have removed it.
 */
function refusal(thrown: unknown, stack: StackKind, { url, version }: PublishedTemplates[StackKind]): unknown {
  if (!isNamed(thrown, 'ValidationError', 'NoSuchKey')) return thrown;
  const gone = thrown.message.includes('does not exist');
  if (!gone && isTransient(creationError(thrown.message)))
    return new PlatformError('TransientServiceFault', inAwsWords(thrown), { cause: thrown });
  if (!UNREADABLE.test(thrown.message)) return thrown;
  const text =
    `template of the ${stack} stack, version ${version}, cannot be read at ${url}: ${thrown.message}. ` +
    'A deployment of the stage (npm run deploy) publishes it again; then redrive';
  return new PlatformError('ConfigurationInvalid', text, { cause: thrown });
}

async function createStack({ cloudformation, platform }: LaunchStackDeps, task: LaunchTask, launch: Launch) {
  const { StackId } = await cloudformation.send(
    new CreateStackCommand({
      StackName: task.stackName,
      TemplateURL: platform.templates[launch.stack].url,
      Parameters: stackParameters(launch, platform),
      RoleARN: platform.stackRoleArn,
      Capabilities: ['CAPABILITY_NAMED_IAM'],
      ClientRequestToken: requestToken(launch.taskToken),
      Tags: [
        { Key: TENANT_TAG, Value: task.tenantId },
        { Key: TEMPLATE_VERSION_TAG, Value: task.templateVersion },
      ],
    }),
  );
  if (!StackId) throw new PlatformError('UnexpectedFailure', `CreateStack of ${task.stackName} answered without an id`);
  return StackId;
}

/**
 * Statuses that lead to no complete stack. REVIEW_IN_PROGRESS: somebody has previewed a stack of that
 * name ("Create change sets"), and no event will end it.
 */
const HOPELESS = new Set([
  'CREATE_FAILED',
  'ROLLBACK_IN_PROGRESS',
  'ROLLBACK_COMPLETE',
  'ROLLBACK_FAILED',
  'DELETE_FAILED',
  'REVIEW_IN_PROGRESS',
]);

/** Statuses whose end StackSettled answers, or that answer at once ("Stack status codes"). */
const ANSWERED = /^(?:CREATE|UPDATE|UPDATE_ROLLBACK|DELETE)_/;

/**
 * Makes the task wait for a stack that exists. If that stack has settled, the task is answered at
 * once.
 */
async function adopt(deps: LaunchStackDeps, task: LaunchTask, found: Stack): Promise<string> {
  const stackId = found.StackId ?? '';
  const status = found.StackStatus ?? '';
  const failed = HOPELESS.has(status);
  if (!isTenantsStack(found, task.tenantId)) {
    await endWaiting(deps.table, task);
    throw new PlatformError(
      'StackFailed',
      `stack ${task.stackName} exists, is ${status} and has no tag ${TENANT_TAG}=${task.tenantId}: somebody else has made it`,
    );
  }
  if (found.EnableTerminationProtection) requireOwnStack(found, await findTenant(deps.table, task.tenantId));
  if (!failed && !ANSWERED.test(status)) {
    await endWaiting(deps.table, task);
    throw new PlatformError('StackFailed', `stack ${task.stackName} exists and is ${status}: somebody else is at work`);
  }
  await waitFor(deps.table, task, stackId, failed || status === 'DELETE_IN_PROGRESS' ? 'replace' : 'launch');
  if (failed) {
    await requestDeletion(deps, stackId, task.taskToken);
  }
  const now = (await latestStatus(deps.cloudformation, stackId)) ?? status;
  // The status may lag behind the deletion request, so a failed status may be the one from before.
  if (!failed || now === 'DELETE_COMPLETE') await settleStack(deps, stackId, now);
  return stackId;
}

/** @returns the stack's id, and whether the launch is known to be permitted still */
async function createOrAdopt(
  deps: LaunchStackDeps,
  task: LaunchTask,
  launch: Launch,
): Promise<{ stackId: string; permitted: boolean }> {
  try {
    const stackId = await createStack(deps, task, launch);
    const permitted = await waitForPermitted(deps.table, task, stackId);
    if (!permitted) await waitFor(deps.table, task, stackId, 'launch');
    return { stackId, permitted };
  } catch (thrown) {
    if (!isNamed(thrown, 'AlreadyExistsException')) {
      // A rollback then need not wait for the lease.
      if (isRefused(thrown)) await endWaiting(deps.table, task);
      throw refusal(thrown, launch.stack, deps.platform.templates[launch.stack]);
    }
    const found = await describeStack(deps.cloudformation, task.stackName);
    if (!found) throw new PlatformError('TransientConflict', `stack ${task.stackName} has just been deleted`);
    return { stackId: await adopt(deps, task, found), permitted: false };
  }
}

/**
 * The rollback may have begun while the stack was being asked for.
 *
 * @throws PlatformError `ClaimLost`, after the stack of a tenant that is being undone is deleted
 */
async function requirePermitted(deps: LaunchStackDeps, task: LaunchTask, stackId: string): Promise<void> {
  const { tenantId, executionArn } = task;
  const tenant = await findTenant(deps.table, tenantId);
  if (tenant && allows('launchStack', tenant, executionArn)) return;
  if (tenant && allows('deleteStack', tenant, executionArn)) {
    const RoleARN = deps.platform.stackRoleArn;
    await deps.cloudformation.send(new DeleteStackCommand({ StackName: stackId, RoleARN }));
    await endWaiting(deps.table, task);
  }
  throw claimLost('launchStack', tenantId, executionArn);
}

/**
 * Launches one of the tenant's stacks. The function does not wait: CloudFormation's status event
 * answers the task's token.
 *
 * 1. Store the token in a transaction that checks the permission: no launch begins after a rollback
 *    has begun. The item has a lease until the stack's id is known, and DeleteStack waits for the
 *    lease.
 * 2. Create the stack from the published template, with CloudFormation's service role.
 * 3. If the stack exists, its status decides. A complete stack answers at once, with the template
 *    version from which it was launched. The task waits for a stack that is still changing. A
 *    failed, failing or previewed stack is deleted; the end of the deletion answers
 *    `TransientStackReplaced`, and the state machine launches again ("Stack failure options": a
 *    stack in ROLLBACK_COMPLETE can only be deleted). A stack whose update by hand has failed stays,
 *    and fails the launch. So does a stack without the tenant's tag: somebody else has made it.
 * 4. Check the permission again, in the transaction that records the stack's id where that is
 *    possible. If a sibling branch has failed and the rollback has begun, delete the stack.
 *
 * Undone by DeleteStack.
 *
 * Throws `ClaimLost`, `TenantRecordLost`, `TransientConflict`, `ConfigurationInvalid` when the
 * template is gone. Through StackSettled the task itself fails with `StackFailed` or `QuotaExceeded`,
 * or is launched again after `TransientStackFailure`, `TransientNameTaken` or
 * `TransientNotYetVisible` (failure-reasons.ts).
 *
 * Besides the common retries, for a stack that failed for a reason that passes: 2 retries, 30 + 300 = 330 s; for a name that AWS
 * still holds: 10 retries, 30 + 60 + 120 + 240 + 480 + 5 x 600 = 3930 s; for a stack that cannot be
 * deleted before it is replaced: 3 retries, 180 + 360 + 600 = 1140 s.
 */
export const launchStack: Action<typeof LaunchStackInput, typeof LaunchStackOutput, LaunchStackDeps> = {
  name: 'LaunchStack',
  input: LaunchStackInput,
  output: LaunchStackOutput,
  run: async (deps, launch) => {
    const { tenantId } = launch.tenant;
    const now = deps.now();
    const task: LaunchTask = {
      stackName: tenantNames.stack(tenantId, launch.stack),
      operation: 'launch',
      taskToken: launch.taskToken,
      executionArn: launch.executionArn,
      tenantId,
      stack: launch.stack,
      templateVersion: deps.platform.templates[launch.stack].version,
      since: now.toISOString(),
      launchingUntil: now.getTime() + LAUNCH_LEASE,
    };
    await beginWaiting(deps.table, task, 'launchStack');
    const { stackId, permitted } = await createOrAdopt(deps, task, launch);
    if (!permitted) await requirePermitted(deps, task, stackId);
    return { stackId };
  },
};

const realDeps = (): LaunchStackDeps => ({
  table: tenantsTable(),
  cloudformation: new CloudFormationClient(clientOptions),
  sfn: new SFNClient(clientOptions),
  get platform() {
    return {
      accountId: env('ACCOUNT_ID'),
      region: env('AWS_REGION'),
      boundaryArn: env('TENANT_BOUNDARY_ARN'),
      alarmTopicArn: env('ALARM_TOPIC_ARN'),
      runbookUrl: env('RUNBOOK_URL'),
      trustedRoleArns: env('TRUSTED_ROLE_ARNS').split(','),
      availabilityZones: env('AVAILABILITY_ZONES').split(','),
      stackRoleArn: env('STACK_ROLE_ARN'),
      templates: parseAt('STACK_TEMPLATES', PublishedTemplatesSchema, JSON.parse(env('STACK_TEMPLATES'))),
    };
  },
  now: () => new Date(),
});

export const handler = actionHandler(launchStack, realDeps());
