import type { LambdaClient } from '@aws-sdk/client-lambda';
import type * as z from 'zod';
import { setUpDatabaseName } from '../contract/naming';
import { parseAt } from '../shared/parse-at';
import { type SetUpDatabaseInput, SetUpDatabaseOutput } from './cell-call';
import { answerOf, type CellFunction } from './cell-function';
import { type CopyDataInput, CopyDataOutput } from './copy-call';

/** Calls SetUpDatabase of a cell. @throws PlatformError see `answerOf` */
export async function callSetUp(
  lambda: Pick<LambdaClient, 'send'>,
  cell: string,
  input: z.input<typeof SetUpDatabaseInput>,
): Promise<z.output<typeof SetUpDatabaseOutput>> {
  const called = { action: 'SetUpDatabase', cell, functionName: setUpDatabaseName(cell) };
  return parseAt('answer of SetUpDatabase', SetUpDatabaseOutput, await answerOf(lambda, called, input));
}

/** Calls PrepareDatabase for a restore of a tenant of the cell. @throws PlatformError see `answerOf` */
export async function callCopy(
  lambda: Pick<LambdaClient, 'send'>,
  { cell, functionName }: Pick<CellFunction, 'cell' | 'functionName'>,
  input: z.input<typeof CopyDataInput>,
): Promise<z.output<typeof CopyDataOutput>> {
  const called = { action: 'PrepareDatabase', cell, functionName };
  return parseAt('answer of PrepareDatabase', CopyDataOutput, await answerOf(lambda, called, input));
}
