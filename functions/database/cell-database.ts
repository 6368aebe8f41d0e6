import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import * as z from 'zod';
import { PERMANENT_ERRORS, PlatformError, TRANSIENT_ERRORS } from '../contract/errors';
import { askDatabaseName, setUpDatabaseName } from '../contract/naming';
import { isNamed } from '../shared/is-named';
import { parseAt } from '../shared/parse-at';
import { type SetUpDatabaseInput, SetUpDatabaseOutput } from './cell-call';
import { type CopyDataInput, CopyDataOutput } from './copy-call';
import { type AskDatabaseInput, AskDatabaseOutput, type DoorAnswers } from './door-call';

/** What Lambda answers of a function that threw. Of one that was killed, the type is Lambda's own. */
const FailureSchema = z.looseObject({ errorType: z.string().optional(), errorMessage: z.string().optional() });
const NAMES = [...TRANSIENT_ERRORS, ...PERMANENT_ERRORS];

interface CellFunction {
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

async function answerOf(lambda: Pick<LambdaClient, 'send'>, called: CellFunction, input: object): Promise<unknown> {
  const { FunctionError, Payload } = await invoke(lambda, called, input);
  const answer: unknown = JSON.parse(Buffer.from(Payload ?? '').toString() || 'null');
  if (!FunctionError) return answer;
  const { errorType = '', errorMessage = 'no message' } = FailureSchema.safeParse(answer).data ?? {};
  const name = NAMES.find((known) => known === errorType) ?? 'TransientServiceFault';
  throw new PlatformError(name, `${called.action} of cell ${called.cell}: ${errorMessage}`);
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
  const called = { action: 'SetUpDatabase', cell, functionName: setUpDatabaseName(cell) };
  return parseAt('answer of SetUpDatabase', SetUpDatabaseOutput, await answerOf(lambda, called, input));
}

/** Calls AskDatabase of a cell. @throws PlatformError see `callSetUp` */
export async function callAsk(
  lambda: Pick<LambdaClient, 'send'>,
  cell: string,
  input: z.input<typeof AskDatabaseInput>,
): Promise<DoorAnswers> {
  const called = { action: 'AskDatabase', cell, functionName: askDatabaseName(cell) };
  return parseAt('answer of AskDatabase', AskDatabaseOutput, await answerOf(lambda, called, input));
}

/** Calls PrepareDatabase for a restore of a tenant of the cell. @throws PlatformError see `callSetUp` */
export async function callCopy(
  lambda: Pick<LambdaClient, 'send'>,
  { cell, functionName }: Pick<CellFunction, 'cell' | 'functionName'>,
  input: z.input<typeof CopyDataInput>,
): Promise<z.output<typeof CopyDataOutput>> {
  const called = { action: 'PrepareDatabase', cell, functionName };
  return parseAt('answer of PrepareDatabase', CopyDataOutput, await answerOf(lambda, called, input));
}
