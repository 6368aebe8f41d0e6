import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import * as z from 'zod';
import { ConcludedFailure } from './concluded-failure';
import { translateError } from './error-translation';
import { withinInvocation } from './invocation';
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
  /**
   * AWS calls and `pause` end with the invocation by themselves. Work of another kind takes
   * `invocationSignal`.
   */
  readonly run: (deps: D, input: z.output<I>) => Promise<z.input<O>>;
}

export type ActionHandler<O> = (event: unknown, context: Context) => Promise<O>;

/**
 * Makes a Lambda handler of an action. The handler adds the logging context, parses input and
 * output, ends the action's calls before the function's deadline, and translates every thrown error
 * to an error name of the contract.
 *
 * Step Functions reports the `name` of the thrown error as the task's `Error`. The handler throws
 * only `PlatformError`, with one exception: `ConcludedFailure` keeps the name of the error that
 * failed the run.
 *
 * middy's own early end (`timeoutEarlyInMillis`) is off: it answers while the action goes on. The
 * error is reported by assignment. A hook that throws would end the hooks after it, so that the
 * logger would keep the ids of this event for the next one (findings/).
 */
export function actionHandler<I extends z.ZodType, O extends z.ZodType, D>(
  action: Action<I, O, D>,
  deps: D,
): ActionHandler<z.output<O>> {
  return middy<unknown, z.output<O>, Error, Context>({ timeoutEarlyInMillis: 0 })
    .use(injectLambdaContext(logger, { resetKeys: true }))
    .before(({ event }) => logger.appendKeys({ step: action.name, ...idsOf(event) }))
    .onError((request) => {
      const { error } = request;
      const ended = error instanceof ConcludedFailure;
      const reported = ended ? error : translateError(error);
      logger.error(ended ? 'onboarding.failed' : 'step.failed', { error: reported.name, reason: reported.message });
      request.error = reported;
    })
    .handler(async (event, context) => {
      const input = parseAt(`input of ${action.name}`, action.input, event);
      const work = () => action.run(deps, input);
      const output = await withinInvocation(action.name, context.getRemainingTimeInMillis(), work);
      logger.info('step.done');
      return parseAt(`output of ${action.name}`, action.output, output);
    });
}
