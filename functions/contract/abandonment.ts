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
