import * as z from 'zod';
import { ReasonSchema } from './reason';
import type { Signup } from './signup';

/** Why, and by whom (ARN of the operator), an onboarding is given up. */
export const AbandonmentSchema = z.object({
  by: z.string().min(1),
  reason: ReasonSchema,
});
export type Abandonment = z.infer<typeof AbandonmentSchema>;

const AbandoningSchema = z.looseObject({ abandonment: z.unknown() });
/** The state machine looks for the field alone: one that is there must be readable, also `null`. */
const ReadableAbandoningSchema = z.looseObject({ abandonment: AbandonmentSchema.optional() });

/** Why nobody can read the abandonment in an execution's input, which a person may have written; undefined without one. */
export function unreadableAbandonment(input: unknown): z.ZodError | undefined {
  return AbandoningSchema.safeParse(input).success ? ReadableAbandoningSchema.safeParse(input).error : undefined;
}

/**
 * Input of an execution that takes a tenant over and rolls it back. The field stands beside the
 * signup: an event from the bus has the whole signup under `detail`, so that nobody who may put
 * events there can abandon an onboarding.
 */
export const abandoning = (signup: Signup, abandonment: Abandonment) => ({ ...signup, abandonment });

/** The input of an execution that onboards what another one has abandoned. */
export function withoutAbandonment(input: unknown): unknown {
  const parsed = AbandoningSchema.safeParse(input);
  if (!parsed.success) return input;
  const { abandonment: _, ...rest } = parsed.data;
  return rest;
}
