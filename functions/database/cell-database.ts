import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import * as z from 'zod';
import { PERMANENT_ERRORS, PlatformError, TRANSIENT_ERRORS } from '../contract/errors';
import { setUpDatabaseName } from '../contract/naming';
import { isNamed } from '../shared/is-named';
import { parseAt } from '../shared/parse-at';
import { type SetUpDatabaseInput, SetUpDatabaseOutput } from './cell-call';

/** What Lambda answers of a function that threw. Of one that was killed, the type is Lambda's own. */
const FailureSchema = z.looseObject({ errorType: z.string().optional(), errorMessage: z.string().optional() });
const NAMES = [...TRANSIENT_ERRORS, ...PERMANENT_ERRORS];

async function invoke(lambda: Pick<LambdaClient, 'send'>, cell: string, payload: string) {
  try {
    return await lambda.send(new InvokeCommand({ FunctionName: setUpDatabaseName(cell), Payload: payload }));
  } catch (thrown) {
    if (!isNamed(thrown, 'ResourceNotFoundException')) throw thrown;
    throw new PlatformError('ConfigurationInvalid', `cell ${cell} has no function SetUpDatabase; deploy the cell`);
  }
}

/**
 * Calls SetUpDatabase of a cell.
 *
 * @throws PlatformError under the name that the function threw; `TransientServiceFault` when it was killed;
 * `ConfigurationInvalid` when the cell has no such function
 */
export async function callSetUp(
  lambda: Pick<LambdaClient, 'send'>,
  cell: string,
  input: z.input<typeof SetUpDatabaseInput>,
): Promise<z.output<typeof SetUpDatabaseOutput>> {
  const { FunctionError, Payload } = await invoke(lambda, cell, JSON.stringify(input));
  const answer: unknown = JSON.parse(Buffer.from(Payload ?? '').toString() || 'null');
  if (!FunctionError) return parseAt('answer of SetUpDatabase', SetUpDatabaseOutput, answer);
  const { errorType = '', errorMessage = 'no message' } = FailureSchema.safeParse(answer).data ?? {};
  const name = NAMES.find((known) => known === errorType) ?? 'TransientServiceFault';
  throw new PlatformError(name, `SetUpDatabase of cell ${cell}: ${errorMessage}`);
}
