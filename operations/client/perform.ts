import { randomUUID } from 'node:crypto';
import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import * as z from 'zod';
import { digestOf } from '../../functions/acts/caller-identity';
import {
  ACT_DIGEST_HEADER,
  type Act,
  type ActOutcome,
  type ActSchema,
  PerformActOutput,
} from '../../functions/contract/act';
import { functionSeconds } from '../../functions/contract/time-limits';
import type { AwsAccess } from '../stage-connection';

/** Credentials and clients of the operator. */
export interface Operator {
  readonly aws: AwsAccess;
  readonly lambda: Pick<LambdaClient, 'send'>;
  readonly performActFunctionName: string;
}

/** Seconds by which an answer may come after the function's time. */
const ON_THE_WAY = 10;

/**
 * One attempt, as a verification must not be repeated by accident. It waits as long as the
 * function may take, and no longer: `requestTimeout` alone only warns ("NodeHttpHandlerOptions").
 */
export const INVOCATION = {
  maxAttempts: 1,
  requestHandler: {
    requestTimeout: (functionSeconds('PerformAct') + ON_THE_WAY) * 1000,
    throwOnRequestTimeout: true,
  },
} as const;

/** An act that the platform did not perform, and why. */
export class ActNotDone extends Error {
  override readonly name = 'ActNotDone';

  constructor(
    readonly outcome: Exclude<ActOutcome, 'done' | 'nothing'>,
    /** Error name of the platform. */
    readonly error: string,
    readonly reason: string,
    readonly act: Act['kind'],
  ) {
    super(`${error}: ${reason}`);
  }
}

const HeadersSchema = z.looseObject({ headers: z.record(z.string(), z.string()) });
/** Headers that the function sets itself, or that do not reach STS. */
const NOT_PASSED_ON = ['host', 'user-agent', 'content-length', ACT_DIGEST_HEADER];

/** Thrown to end a request before it is sent. */
class Signed extends Error {
  constructor(readonly headers: Readonly<Record<string, string>>) {
    super('signed');
  }
}

/**
 * Signs a GetCallerIdentity request that carries the digest of the act, without sending it.
 * PerformAct sends it, and STS answers who has signed it.
 */
async function signedHeaders(aws: AwsAccess, request: string): Promise<Record<string, string>> {
  const sts = new STSClient({ ...aws, maxAttempts: 1 });
  sts.middlewareStack.add(
    (next) => async (args) => {
      const { headers } = HeadersSchema.parse(args.request);
      headers[ACT_DIGEST_HEADER] = digestOf(request);
      return next({ ...args, request: Object.assign(Object(args.request), { headers }) });
    },
    { name: 'digestOfAct', step: 'build' },
  );
  sts.middlewareStack.add(
    () => async (args) => {
      throw new Signed(HeadersSchema.parse(args.request).headers);
    },
    { name: 'notSent', step: 'finalizeRequest', priority: 'low' },
  );
  try {
    await sts.send(new GetCallerIdentityCommand({}));
  } catch (thrown) {
    if (!(thrown instanceof Signed)) throw thrown;
    const passed = Object.entries(thrown.headers).map(([name, value]) => [name.toLowerCase(), value] as const);
    return Object.fromEntries(passed.filter(([name]) => !NOT_PASSED_ON.includes(name)));
  }
  throw new Error('the request to STS was not signed');
}

const ThrownSchema = z.object({ errorType: z.string(), errorMessage: z.string() });

/** Errors with which PerformAct refuses a request that is malformed, or whose caller nobody confirms. */
const BEFORE_THE_ACT: readonly string[] = ['InvalidRequest', 'AccessDenied'];

/**
 * Makes the platform perform an act in the caller's name.
 *
 * @returns the answer of an act that was performed, or for which there was nothing to do
 * @throws ActNotDone when no tenant has the name, or the act was refused or has failed
 */
export async function perform<S extends z.ZodType>(
  { aws, lambda, performActFunctionName: FunctionName }: Operator,
  act: z.input<typeof ActSchema>,
  answer: S,
): Promise<z.output<S>> {
  const request = JSON.stringify({ id: randomUUID(), at: new Date().toISOString(), act });
  const payload = { request, identity: await signedHeaders(aws, request) };
  const { FunctionError, Payload } = await lambda.send(
    new InvokeCommand({ FunctionName, Payload: JSON.stringify(payload) }),
  );
  const returned: unknown = JSON.parse(Payload?.transformToString() ?? 'null');
  if (FunctionError) {
    const thrown = ThrownSchema.safeParse(returned).data;
    const error = thrown?.errorType ?? FunctionError;
    const outcome = BEFORE_THE_ACT.includes(error) ? 'refused' : 'failed';
    throw new ActNotDone(outcome, error, thrown?.errorMessage ?? 'no reason given', act.kind);
  }
  const { outcome, error = 'UnexpectedFailure', message = '', answer: given } = PerformActOutput.parse(returned);
  if (outcome !== 'done' && outcome !== 'nothing') throw new ActNotDone(outcome, error, message, act.kind);
  return answer.parse(given);
}
