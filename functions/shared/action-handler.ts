import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import * as z from 'zod';
import { ConcludedFailure } from './concluded-failure';
import { translateError } from './error-translation';
import { logger } from './logger';
import { parseAt } from './parse-at';

const IdsSchema = z.looseObject({
  executionArn: z.string().optional(),
  tenant: z.looseObject({ tenantId: z.string() }).nullish(),
});

/** The ids in the raw event, for every log line of the invocation. */
function idsOf(event: unknown): Record<string, string> {
  const ids = IdsSchema.safeParse(event);
  if (!ids.success) return {};
  const { executionArn, tenant } = ids.data;
  return { ...(executionArn && { executionArn }), ...(tenant && { tenantId: tenant.tenantId }) };
}

export interface Action<I extends z.ZodType, O extends z.ZodType, D> {
  /** The action's name in the table of workflows. Parsing errors name it too. */
  readonly name: string;
  readonly input: I;
  readonly output: O;
  readonly run: (deps: D, input: z.output<I>) => Promise<z.input<O>>;
}

export type ActionHandler<O> = (event: unknown, context: Context) => Promise<O>;

/**
 * Makes a Lambda handler of an action. The handler adds the logging context, parses input and
 * output, and translates every thrown error to an error name of the contract.
 *
 * Step Functions reports the `name` of the thrown error as the task's `Error`. The handler throws
 * only `PlatformError`, with one exception: `ConcludedFailure` keeps the name of the error that
 * failed the run.
 */
export function actionHandler<I extends z.ZodType, O extends z.ZodType, D>(
  action: Action<I, O, D>,
  deps: D,
): ActionHandler<z.output<O>> {
  return middy<unknown, z.output<O>, Error, Context>()
    .use(injectLambdaContext(logger, { resetKeys: true }))
    .before(({ event }) => logger.appendKeys({ step: action.name, ...idsOf(event) }))
    .onError(({ error }) => {
      const ended = error instanceof ConcludedFailure;
      const reported = ended ? error : translateError(error);
      logger.error(ended ? 'onboarding.failed' : 'step.failed', { error: reported.name, reason: reported.message });
      throw reported;
    })
    .handler(async (event) => {
      const output = await action.run(deps, parseAt(`input of ${action.name}`, action.input, event));
      logger.info('step.done');
      return parseAt(`output of ${action.name}`, action.output, output);
    });
}
