import * as z from 'zod';
import { ActResultsSchema, reason } from './acts';

/** Acts on no single tenant: orders to the release of a cell, and the replay of undelivered signups. */
const StageActSchema = z.discriminatedUnion('act', [
  z.strictObject({ act: z.enum(['hold', 'go', 'back']), cell: z.string().min(1).max(64) }),
  z.strictObject({ act: z.literal('replay') }),
]);
export type StageAct = z.infer<typeof StageActSchema>;

export const StagePreviewRequestSchema = z.strictObject({ order: StageActSchema });

export const StagePreviewSchema = z.object({
  /** What it would do, in one sentence. */
  does: z.string(),
  /** What it would touch; `id` is what the request names. */
  targets: z.array(z.object({ id: z.string(), text: z.string() })),
  /** What it would leave, and why. */
  left: z.array(z.object({ id: z.string(), because: z.string() })),
  /** Why it would do nothing now. */
  impossible: z.string().optional(),
  /** What the act needs as `confirm`. */
  confirm: z.string(),
  /** Whether a person has to type it. */
  isTyped: z.boolean(),
  needsReason: z.boolean(),
});
export type StagePreview = z.infer<typeof StagePreviewSchema>;

export const StageActRequestSchema = z.strictObject({
  order: StageActSchema,
  /** Ids of the targets that the preview has shown. */
  targets: z.array(z.string().min(1).max(300)).max(1000),
  reason: reason.optional(),
  confirm: z.string().min(1).max(300),
});

/** One for each target, or for the cell. */
export const StageActResultsSchema = z.object({
  results: z.array(ActResultsSchema.shape.results.element.omit({ tenantId: true, report: true })),
});
export type StageActResult = z.infer<typeof StageActResultsSchema>['results'][number];
