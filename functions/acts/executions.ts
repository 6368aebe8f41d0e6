import { type DescribeExecutionOutput, type SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { describe, isUnderWay } from '../shared/described-execution';
import { pause } from '../shared/invocation';
import { isNamed } from '../shared/is-named';

/** "DescribeExecution" is eventually consistent: so often a redrive of another operator is looked for. */
const LOOKS = 5;

export interface StartOptions {
  readonly stateMachineArn?: string;
  /** Chosen by Step Functions where it is left out. */
  readonly name?: string;
}

/** "ExecutionArn": the ARN of an execution follows from its machine and its name. */
export const executionArnOf = (stateMachineArn: string, name: string) =>
  `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`;

/** @returns the ARN of the execution */
export async function start(
  machines: Pick<SFNClient, 'send'>,
  input: unknown,
  options: StartOptions & { readonly stateMachineArn: string },
): Promise<string> {
  const { executionArn = '' } = await machines.send(
    new StartExecutionCommand({ ...options, input: JSON.stringify(input) }),
  );
  return executionArn;
}

/**
 * Starts an execution under a name that only one execution can have ("StartExecution": a name is taken for 90 days).
 *
 * @returns `isNew`: false where an ended execution has the name, or a running one with another input
 */
export async function startOnce(
  machines: Pick<SFNClient, 'send'>,
  input: unknown,
  options: { readonly stateMachineArn: string; readonly name: string },
): Promise<{ readonly executionArn: string; readonly isNew: boolean }> {
  try {
    return { executionArn: await start(machines, input, options), isNew: true };
  } catch (thrown) {
    if (!isNamed(thrown, 'ExecutionAlreadyExists')) throw thrown;
    return { executionArn: executionArnOf(options.stateMachineArn, options.name), isNew: false };
  }
}

/** Whether an execution runs, or has run again since it was described as `before`. */
export const isRedriven = (now: DescribeExecutionOutput, before: DescribeExecutionOutput | undefined) =>
  isUnderWay(now) || (now.redriveCount ?? 0) > (before?.redriveCount ?? 0);

/**
 * Looks again at an execution that AWS has refused to redrive, until it shows why: another operator's redrive, or an end that
 * is for good. AWS may show neither after all looks: then somebody else has probably just redriven it.
 *
 * @param before the description that led to the attempt
 * @returns undefined for an execution that AWS has deleted
 */
export async function describeRefused(
  machines: Pick<SFNClient, 'send'>,
  executionArn: string,
  before: DescribeExecutionOutput | undefined,
  pauseMs = 1000,
): Promise<DescribeExecutionOutput | undefined> {
  let now = await describe(machines, executionArn);
  for (let look = 1; look < LOOKS; look++) {
    if (!now || isRedriven(now, before) || now.redriveStatus !== 'REDRIVABLE') return now;
    await pause(pauseMs);
    now = await describe(machines, executionArn);
  }
  return now;
}
