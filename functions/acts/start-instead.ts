import { createHash, randomUUID } from 'node:crypto';
import type { DescribeExecutionOutput, SFNClient } from '@aws-sdk/client-sfn';
import { describe } from '../shared/described-execution';
import { executionArnOf, startOnce } from './executions';

/** `earlier`: the execution that had been started before under the same name; undefined when AWS does not show it yet. */
export type StartedInstead = { readonly executionArn: string } & (
  | { readonly isNew: true }
  | { readonly isNew: false; readonly earlier: DescribeExecutionOutput | undefined }
);

/** One name for all operators: at most 80 characters, and the next link of the chain gets another ("StartExecution"). */
const nameInstead = (purpose: string, executionArn: string) =>
  `${purpose}-${createHash('sha256').update(executionArn).digest('hex').slice(0, 32)}`;

/**
 * "StartExecution": a call with the name and the input of a running execution succeeds, as the first call did. So each request has
 * an input of its own, and all but the first are told that the name is taken. A signup may have fields that nobody knows.
 */
const asRequested = (input: unknown): unknown =>
  typeof input === 'object' && input !== null && !Array.isArray(input) ? { ...input, request: randomUUID() } : input;

/**
 * Starts an execution in the place of one that has ended, or after it: only one, however many operators ask, because the name of the new
 * execution follows from the ARN of the old one. The others are told, also when they ask for the same at the same moment.
 *
 * @param purpose begins the name: executions of one purpose exclude each other
 */
export async function startInstead(
  sfn: Pick<SFNClient, 'send'>,
  purpose: 'anew' | 'abandon' | 'release' | 'migrate',
  executionArn: string,
  input: unknown,
  stateMachineArn: string,
): Promise<StartedInstead> {
  const name = nameInstead(purpose, executionArn);
  const arn = executionArnOf(stateMachineArn, name);
  const before = await describe(sfn, arn);
  if (before) return { executionArn: arn, isNew: false, earlier: before };
  const started = await startOnce(sfn, asRequested(input), { stateMachineArn, name });
  return started.isNew ? { ...started, isNew: true } : { ...started, isNew: false, earlier: await describe(sfn, arn) };
}
