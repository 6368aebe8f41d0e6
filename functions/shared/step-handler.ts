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

/** Ids for every log line of the invocation, as far as the raw event has them. */
function idsOf(event: unknown): Record<string, string> {
  const ids = IdsSchema.safeParse(event);
  if (!ids.success) return {};
  const { executionArn, tenant } = ids.data;
  return { ...(executionArn && { executionArn }), ...(tenant && { tenantId: tenant.tenantId }) };
}

export interface Step<I extends z.ZodType, O extends z.ZodType, D> {
  /** The function's name in the contract's list of steps; the border that errors name. */
  readonly name: string;
  readonly input: I;
  readonly output: O;
  readonly run: (deps: D, input: z.output<I>) => Promise<z.input<O>>;
}

export type StepHandler<O> = (event: unknown, context: Context) => Promise<O>;

/**
 * Makes a Lambda handler of a step: logging context, parsing at both borders, translation of whatever is thrown to an
 * error name of the contract. Steps hold intent only; all of this lives here once.
 *
 * Step Functions reports the `name` of what the handler throws as the task's `Error`. It throws OnboardingError alone, but for
 * the end of a failed run, which keeps whatever name the failure had.
 */
export function stepHandler<I extends z.ZodType, O extends z.ZodType, D>(
  step: Step<I, O, D>,
  deps: D,
): StepHandler<z.output<O>> {
  return middy<unknown, z.output<O>, Error, Context>()
    .use(injectLambdaContext(logger, { resetKeys: true }))
    .before(({ event }) => logger.appendKeys({ step: step.name, ...idsOf(event) }))
    .onError(({ error }) => {
      const ended = error instanceof ConcludedFailure;
      const reported = ended ? error : translateError(error);
      logger.error(ended ? 'onboarding.failed' : 'step.failed', { error: reported.name, reason: reported.message });
      throw reported;
    })
    .handler(async (event) => {
      const output = await step.run(deps, parseAt(`input of ${step.name}`, step.input, event));
      logger.info('step.done');
      return parseAt(`output of ${step.name}`, step.output, output);
    });
}
