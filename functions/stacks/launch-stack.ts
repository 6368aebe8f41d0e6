import { createHash } from 'node:crypto';
import {
  CloudFormationClient,
  CloudFormationServiceException,
  CreateStackCommand,
  DeleteStackCommand,
  type Stack,
} from '@aws-sdk/client-cloudformation';
import { SFNClient } from '@aws-sdk/client-sfn';
import type * as z from 'zod';
import { PlatformError } from '../contract/errors';
import { TENANT_TAG, tenantNames } from '../contract/naming';
import { LaunchStackInput, LaunchStackOutput } from '../contract/onboarding';
import type { WaitingTask } from '../contract/records';
import { type PublishedTemplates, PublishedTemplatesSchema } from '../contract/stacks';
import { type Action, actionHandler } from '../shared/action-handler';
import { clientOptions } from '../shared/clients';
import { env } from '../shared/env';
import { isNamed } from '../shared/is-named';
import { parseAt } from '../shared/parse-at';
import { allows, claimLost } from '../tenants/lifecycle';
import { findTenant } from '../tenants/tenant-store';
import { tenantsTable } from '../tenants/tenants-table';
import { type SettleStackDeps, settleStack, TEMPLATE_VERSION_TAG } from './settle-stack';
import { type StackPlatform, stackParameters } from './stack-parameters';
import { describeStack } from './stacks';
import { beginWaiting, endWaiting, waitFor } from './waiting-task';

export interface LaunchStackDeps extends SettleStackDeps {
  readonly platform: StackPlatform & { readonly stackRoleArn: string; readonly templates: PublishedTemplates };
  readonly now: () => Date;
}

type Launch = z.output<typeof LaunchStackInput>;
type LaunchTask = WaitingTask & { operation: 'launch' };

/** How long a launch that has begun may still create its stack, milliseconds: the function's own timeout and some. */
export const LAUNCH_LEASE = 45_000;

/** One per attempt of the task: repeated by the SDK, the request is answered as the first one was ("CreateStack"). */
export const requestToken = (taskToken: string) => createHash('sha256').update(taskToken).digest('hex').slice(0, 64);

/** Whether CloudFormation has said that there is no stack, and no earlier try of the request may still make one. */
const isRefused = (thrown: unknown) =>
  thrown instanceof CloudFormationServiceException &&
  (thrown.$metadata.httpStatusCode ?? 500) < 500 &&
  thrown.$metadata.attempts === 1;

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

const FAILED = new Set(['CREATE_FAILED', 'ROLLBACK_COMPLETE', 'ROLLBACK_FAILED', 'DELETE_FAILED']);

/** Waits for the end of a stack that is there already; one that has settled in the meantime is answered for at once. */
async function adopt(deps: LaunchStackDeps, task: LaunchTask, found: Stack): Promise<string> {
  const stackId = found.StackId ?? '';
  const status = found.StackStatus ?? '';
  const failed = FAILED.has(status);
  await waitFor(deps.table, task, stackId, failed || status === 'DELETE_IN_PROGRESS' ? 'replace' : 'launch');
  if (failed) {
    await deps.cloudformation.send(
      new DeleteStackCommand({
        StackName: stackId,
        RoleARN: deps.platform.stackRoleArn,
        ClientRequestToken: requestToken(task.taskToken),
      }),
    );
  }
  const now = (await describeStack(deps.cloudformation, stackId))?.StackStatus ?? status;
  // What is read may lag behind what was asked for: a failure that was there before is not that of the deletion.
  if (!failed || now === 'DELETE_COMPLETE') await settleStack(deps, stackId, now);
  return stackId;
}

async function createOrAdopt(deps: LaunchStackDeps, task: LaunchTask, launch: Launch): Promise<string> {
  try {
    const stackId = await createStack(deps, task, launch);
    await waitFor(deps.table, task, stackId, 'launch');
    return stackId;
  } catch (thrown) {
    if (!isNamed(thrown, 'AlreadyExistsException')) {
      // Then a rollback need not wait for a stack that may yet appear.
      if (isRefused(thrown)) await endWaiting(deps.table, task);
      throw thrown;
    }
    const found = await describeStack(deps.cloudformation, task.stackName);
    if (!found) throw new PlatformError('TransientConflict', `stack ${task.stackName} has just been deleted`);
    return adopt(deps, task, found);
  }
}

/**
 * Launches one of the tenant's stacks and leaves: CloudFormation's status event answers the task's token.
 *
 * 1. Store the token, together with a look at the tenant: a rollback that has begun is not overtaken. Until the stack's
 *    id is known the record says that a launch may be on its way, and DeleteStack waits for that.
 * 2. Create the stack from the published template, with CloudFormation's service role.
 * 3. The stack exists: a complete one answers at once, whatever version of the template it came from (it is recorded);
 *    one under way is waited for; a failed leftover is deleted, and its end answers `TransientStackReplaced`, on which
 *    the machine launches anew ("Stack failure options": a stack in ROLLBACK_COMPLETE can only be deleted). One whose
 *    update by hand has failed is left as it is, and fails the launch.
 * 4. Look at the tenant again. Where a sibling's failure has begun the rollback meanwhile, take the own stack back.
 *
 * Undone by DeleteStack.
 *
 * Throws `ClaimLost`, `TransientConflict`; the task itself fails with `StackFailed` through StackSettled.
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
    const stackId = await createOrAdopt(deps, task, launch);
    const tenant = await findTenant(deps.table, tenantId);
    if (!tenant || !allows('launchStack', tenant, launch.executionArn)) {
      if (tenant && allows('deleteStack', tenant, launch.executionArn)) {
        const RoleARN = deps.platform.stackRoleArn;
        await deps.cloudformation.send(new DeleteStackCommand({ StackName: stackId, RoleARN }));
        await endWaiting(deps.table, task);
      }
      throw claimLost('launchStack', tenantId, launch.executionArn);
    }
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
      trustedRoleArns: env('TRUSTED_ROLE_ARNS').split(','),
      stackRoleArn: env('STACK_ROLE_ARN'),
      templates: parseAt('STACK_TEMPLATES', PublishedTemplatesSchema, JSON.parse(env('STACK_TEMPLATES'))),
    };
  },
  now: () => new Date(),
});

export const handler = actionHandler(launchStack, realDeps());
