import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { SFNClient } from '@aws-sdk/client-sfn';
import type { Context } from 'aws-lambda';
import * as z from 'zod';
import { handler as prepareDatabase } from '../../functions/database/prepare-database';
import { handler as verifyIsolation } from '../../functions/isolation/verify-isolation';
import { handler as createTenantKey } from '../../functions/key/create-tenant-key';
import { handler as publishCompletion } from '../../functions/outcome/publish-completion';
import { handler as reserveTenant } from '../../functions/reservation/reserve-tenant';
import { handler as activateTenant } from '../../functions/routing/activate-tenant';
import { handler as registerTenant } from '../../functions/routing/register-tenant';
import { clientOptions } from '../../functions/shared/clients';
import { handler as launchStack } from '../../functions/stacks/launch-stack';
import { settleStack } from '../../functions/stacks/settle-stack';
import { tenantsTable } from '../../functions/tenants/tenants-table';
import { RoleCredentialsSchema } from './role-credentials';

/**
 * An onboarding without Step Functions, Lambda and EventBridge: one process that runs the steps' own code in the order of
 * the machine, side by side where the machine does. Its parent sends signups and gets back how long each took, and what
 * the steps have answered.
 */

const unused = () => undefined;
const context: Context = {
  functionName: 'bare-script',
  functionVersion: '1',
  invokedFunctionArn: 'bare-script',
  memoryLimitInMB: '512',
  awsRequestId: 'bare-script',
  logGroupName: 'bare-script',
  logStreamName: 'bare-script',
  callbackWaitsForEmptyEventLoop: true,
  getRemainingTimeInMillis: () => 60_000,
  done: unused,
  fail: unused,
  succeed: unused,
};

const cloudformation = new CloudFormationClient(clientOptions);
const table = tenantsTable();

const roles = RoleCredentialsSchema.parse(JSON.parse(process.env.BENCH_ROLE_CREDENTIALS ?? '{}'));

/** The SDK asks for credentials when a client is first used, and keeps them: each step's clients get those of its role. */
const actAs = (name: string) => Object.assign(process.env, roles[name]);

/** In the place of a machine that waits: what would answer the task's token is kept here, and sent nowhere. */
function answerOfTask(): { sfn: SFNClient; answer: () => unknown } {
  const sfn = new SFNClient(clientOptions);
  let output: unknown;
  const capture = (next: unknown) => async (args: { input: object }) => {
    if (!('output' in args.input)) throw new Error(`a stack failed: ${JSON.stringify(args.input)}`);
    output = JSON.parse(String(args.input.output));
    return { output: { $metadata: {} }, response: next };
  };
  sfn.middlewareStack.add(capture, { step: 'initialize' });
  return { sfn, answer: () => output };
}

async function untilComplete(stackId: string): Promise<void> {
  for (;;) {
    const { Stacks } = await cloudformation.send(new DescribeStacksCommand({ StackName: stackId }));
    const status = Stacks?.[0]?.StackStatus;
    if (status === 'CREATE_COMPLETE') return;
    if (status !== 'CREATE_IN_PROGRESS') throw new Error(`${stackId} is ${status}`);
    await pause(5);
  }
}

const LaunchedSchema = z.looseObject({ outputs: z.record(z.string(), z.string()) });

async function launch(shared: object, stack: string, outputs: object) {
  const { stackId } = await launchStack({ ...shared, stack, outputs, taskToken: randomUUID() }, context);
  await untilComplete(stackId);
  const { sfn, answer } = answerOfTask();
  await settleStack({ table, cloudformation, sfn }, stackId, 'CREATE_COMPLETE');
  return LaunchedSchema.parse(answer());
}

async function provision(shared: object) {
  const inOrder = async () => {
    const network = await launch(shared, 'network', {});
    const database = await launch(shared, 'database', { network: network.outputs });
    const access = await launch(shared, 'access', { network: network.outputs, database: database.outputs });
    return { network, database, access };
  };
  const [chain, storage] = await Promise.all([inOrder(), launch(shared, 'storage', {})]);
  return { ...chain, storage };
}

async function onboard(input: unknown) {
  const executionArn = `bare-script:${randomUUID()}`;
  actAs('ReserveTenant');
  const reservation = await reserveTenant({ executionArn, input }, context);
  if (reservation.outcome !== 'reserved') throw new Error('a bench signs nobody up twice');
  const { tenant, cell } = reservation;
  actAs('CreateTenantKey');
  const key = await createTenantKey({ executionArn, tenant }, context);
  actAs('LaunchStack');
  const stacks = await provision({ executionArn, tenant, cell, key });
  const registered = { executionArn, tenant, cell, key, stacks };
  actAs('PrepareDatabase');
  const database = await prepareDatabase(registered, context);
  actAs('RegisterTenant');
  const route = await registerTenant(registered, context);
  actAs('VerifyIsolation');
  const verification = await verifyIsolation({ ...registered, route }, context);
  actAs('ActivateTenant');
  const activation = await activateTenant({ ...registered, route, verification }, context);
  actAs('PublishCompletion');
  const completion = await publishCompletion({ executionArn, tenant }, context);
  return {
    ReserveTenant: reservation,
    CreateTenantKey: key,
    LaunchStack: stacks,
    PrepareDatabase: database,
    RegisterTenant: route,
    VerifyIsolation: verification,
    ActivateTenant: activation,
    PublishCompletion: completion,
  };
}

if (process.send) {
  process.on('message', async (signup) => {
    const began = performance.now();
    try {
      const answers = await onboard(signup);
      process.send?.({ seconds: (performance.now() - began) / 1000, answers });
    } catch (failure) {
      process.send?.({ error: failure instanceof Error ? `${failure.name}: ${failure.message}` : String(failure) });
    }
  });
}
