import { setTimeout as pause } from 'node:timers/promises';
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import {
  type FunctionConfiguration,
  LambdaClient,
  paginateListFunctions,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { DescribeStateMachineCommand, SFNClient, UpdateStateMachineCommand } from '@aws-sdk/client-sfn';
import { askDatabaseName, functionRoleName, setUpDatabaseName } from '../../functions/contract/naming';
import { actionsOf, workflowNamed } from '../../functions/contract/workflows';
import { everyItem } from '../../functions/shared/paging';
import type { AwsCall } from '../../local/aws-call';
import { startAwsProxy } from '../../local/aws-proxy';
import type { Platform } from '../../local/platform';
import { reportedInvocation } from './execution-history';
import type { Usage } from './price-model';

/** Those that an onboarding may run through: every step, and StackSettled. */
const NAMES: readonly string[] = [...actionsOf(workflowNamed('TenantOnboarding')), 'StackSettled'];

/** After so long without a call nothing of an onboarding is under way any more, milliseconds. */
const SILENCE = 750;

export interface DeployedFunction {
  /** The contract's. */
  readonly name: string;
  readonly arn: string;
  readonly roleArn: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly logGroup: string;
}

function listed({ aws }: Platform): Promise<FunctionConfiguration[]> {
  return everyItem(paginateListFunctions({ client: new LambdaClient(aws) }, {}), (page) => page.Functions);
}

function deployedOf(found: readonly FunctionConfiguration[], names = NAMES): DeployedFunction[] {
  return names.map((name) => {
    const deployed = found.find(({ Role }) => Role?.endsWith(`/${functionRoleName(name)}`));
    if (!deployed) throw new Error(`function ${name} is not deployed`);
    return {
      name,
      arn: deployed.FunctionArn ?? '',
      roleArn: deployed.Role ?? '',
      environment: deployed.Environment?.Variables ?? {},
      logGroup: deployed.LoggingConfig?.LogGroup ?? '',
    };
  });
}

export const deployedFunctions = async (platform: Platform, names = NAMES) => deployedOf(await listed(platform), names);

/** Log groups of the functions of which each cell has its own: other functions invoke them, and no state does. */
const cellLogGroups = (found: readonly FunctionConfiguration[]) =>
  found.flatMap(({ FunctionName, LoggingConfig }) =>
    [setUpDatabaseName(''), askDatabaseName('')].some((name) => FunctionName?.startsWith(name))
      ? (LoggingConfig?.LogGroup ?? [])
      : [],
  );

/** Points all functions at another endpoint. */
async function redirect(platform: Platform, functions: readonly DeployedFunction[], endpoint?: string): Promise<void> {
  const lambda = new LambdaClient(platform.aws);
  for (const { arn, environment } of functions) {
    const Variables = { ...environment, ...(endpoint && { AWS_ENDPOINT_URL: endpoint }) };
    await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: arn, Environment: { Variables } }));
  }
}

/** A number of a published version at the end of a function's ARN. */
const VERSION = /(:function:[\w-]+):\d+/g;

/**
 * Lets the machine call the functions as they are configured now, and not the versions that it was deployed with: a
 * version keeps the endpoint with which it was published.
 *
 * @returns lets it call the versions again
 */
async function callUnpublished({ aws, outputs }: Platform): Promise<() => Promise<unknown>> {
  const sfn = new SFNClient(aws);
  const { stateMachineArn } = outputs;
  const { definition = '' } = await sfn.send(new DescribeStateMachineCommand({ stateMachineArn }));
  const unpublished = definition.replace(VERSION, '$1');
  await sfn.send(new UpdateStateMachineCommand({ stateMachineArn, definition: unpublished }));
  return () => sfn.send(new UpdateStateMachineCommand({ stateMachineArn, definition }));
}

/**
 * Lets some work be done and notes every call that functions make to AWS meanwhile, by way of a proxy which they know
 * for that long only. Functions start anew before and after.
 *
 * @param names of the functions; by default those of an onboarding
 */
export async function watchCalls<T>(platform: Platform, work: () => Promise<T>, names = NAMES) {
  const functions = await deployedFunctions(platform, names);
  const proxy = await startAwsProxy(() => platform.emulator.endpointUrl);
  const calls: AwsCall[] = [];
  let last = performance.now();
  proxy.listen((call) => {
    calls.push(call);
    last = performance.now();
    return undefined;
  });
  const callPublished = await callUnpublished(platform);
  try {
    await redirect(platform, functions, proxy.url);
    const result = await work();
    while (performance.now() - last < SILENCE) await pause(50);
    return { result, calls };
  } finally {
    await callPublished();
    await redirect(platform, functions);
    await proxy.close();
  }
}

/** What functions have run and logged since then, as their logs report it. */
export async function functionUsage(platform: Platform, since: number): Promise<Usage> {
  const client = new CloudWatchLogsClient(platform.aws);
  const usage = { lambdaRequests: 0, lambdaGbSeconds: 0, logGigabytes: 0 };
  const found = await listed(platform);
  const logGroups = [...deployedOf(found).map(({ logGroup }) => logGroup), ...cellLogGroups(found)];
  for (const logGroupName of logGroups) {
    const { events = [] } = await client.send(
      new FilterLogEventsCommand({ logGroupName, startTime: since, limit: 10_000 }),
    );
    for (const { message = '' } of events) {
      usage.logGigabytes += Buffer.byteLength(message) / 1e9;
      const invocation = reportedInvocation(message);
      if (!invocation) continue;
      usage.lambdaRequests += 1;
      usage.lambdaGbSeconds += invocation.gbSeconds;
    }
  }
  return usage;
}
