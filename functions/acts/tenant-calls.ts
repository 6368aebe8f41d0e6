import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import * as z from 'zod';

/** An error that a called function has thrown, under the function's own name for it. */
export class CalledFunctionError extends Error {
  override readonly name = 'CalledFunctionError';

  constructor(
    readonly error: string,
    message: string,
  ) {
    super(message);
  }
}

const ThrownSchema = z.object({ errorType: z.string(), errorMessage: z.string() });

/**
 * Calls one of the platform's functions, and waits for its answer.
 *
 * @throws CalledFunctionError with the function's own error name and message
 */
export async function callFunction<S extends z.ZodType>(
  lambda: Pick<LambdaClient, 'send'>,
  FunctionName: string,
  payload: object,
  answer: S,
): Promise<z.output<S>> {
  const { FunctionError, Payload } = await lambda.send(
    new InvokeCommand({ FunctionName, Payload: JSON.stringify(payload) }),
  );
  const returned: unknown = JSON.parse(Payload?.transformToString() ?? 'null');
  if (!FunctionError) return answer.parse(returned);
  const thrown = ThrownSchema.safeParse(returned);
  throw thrown.success
    ? new CalledFunctionError(thrown.data.errorType, thrown.data.errorMessage)
    : new CalledFunctionError(FunctionError, `${FunctionName} ended without an error of its own`);
}
