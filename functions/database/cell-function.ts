import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import * as z from 'zod';
import { PERMANENT_ERRORS, PlatformError, TRANSIENT_ERRORS } from '../contract/errors';
import { KILLED_FUNCTION } from '../contract/lambda-errors';
import { isNamed } from '../shared/is-named';

/** What Lambda answers of a function that threw. Of one that was killed, the type is Lambda's own. */
const FailureSchema = z.looseObject({ errorType: z.string().optional(), errorMessage: z.string().optional() });
const NAMES = [...TRANSIENT_ERRORS, ...PERMANENT_ERRORS];

/** A function that each cell has, or that works for one. */
export interface CellFunction {
  readonly action: string;
  readonly cell: string;
  readonly functionName: string;
}

async function invoke(lambda: Pick<LambdaClient, 'send'>, { action, cell, functionName }: CellFunction, input: object) {
  try {
    return await lambda.send(new InvokeCommand({ FunctionName: functionName, Payload: JSON.stringify(input) }));
  } catch (thrown) {
    if (!isNamed(thrown, 'ResourceNotFoundException')) throw thrown;
    throw new PlatformError('ConfigurationInvalid', `cell ${cell} has no function ${action}; deploy the cell`);
  }
}

/**
 * The answer of a function.
 *
 * @throws PlatformError under the name that the function threw; `TransientServiceFault` when it was killed;
 * `UnexpectedFailure` when it cannot run at all; `ConfigurationInvalid` when the cell has no such function
 */
export async function answerOf(
  lambda: Pick<LambdaClient, 'send'>,
  called: CellFunction,
  input: object,
): Promise<unknown> {
  const { FunctionError, Payload } = await invoke(lambda, called, input);
  const answer: unknown = JSON.parse(Buffer.from(Payload ?? '').toString() || 'null');
  if (!FunctionError) return answer;
  const { errorType = '', errorMessage = 'no message' } = FailureSchema.safeParse(answer).data ?? {};
  const whose = `${called.action} of cell ${called.cell}`;
  const name = NAMES.find((known) => known === errorType);
  if (name) throw new PlatformError(name, `${whose}: ${errorMessage}`);
  // Earlier runtimes name no type of a function that ran out of time.
  const killed = errorType === '' || KILLED_FUNCTION.includes(errorType);
  const reason = `${whose}: ${[errorType, errorMessage].filter(Boolean).join(': ')}`;
  throw new PlatformError(killed ? 'TransientServiceFault' : 'UnexpectedFailure', reason);
}
