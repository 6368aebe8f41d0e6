import type { LambdaClient } from '@aws-sdk/client-lambda';
import type * as z from 'zod';
import { askDatabaseName } from '../contract/naming';
import { parseAt } from '../shared/parse-at';
import { answerOf } from './cell-function';
import { type AskDatabaseInput, AskDatabaseOutput, type DoorAnswers } from './door-call';

/** Calls AskDatabase of a cell. @throws PlatformError see `answerOf` */
export async function callAsk(
  lambda: Pick<LambdaClient, 'send'>,
  cell: string,
  input: z.input<typeof AskDatabaseInput>,
): Promise<DoorAnswers> {
  const called = { action: 'AskDatabase', cell, functionName: askDatabaseName(cell) };
  return parseAt('answer of AskDatabase', AskDatabaseOutput, await answerOf(lambda, called, input));
}
