import * as z from 'zod';
import { CellDescriptorSchema, ColourSchema } from './cell';
import { CaughtFailureSchema } from './tenant';

const DigestSchema = z.string().regex(/^sha256:[0-9a-f]{64}$/, 'expected sha256: and 64 hexadecimal digits');

/** What starts a release: an image for one cell. The same release id and digest, started again, are one release. */
export const ReleaseRequestSchema = z.object({
  cell: z.string('expected the name of a cell').min(1, 'expected the name of a cell'),
  digest: DigestSchema,
  releaseId: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'expected 1 to 64 letters, digits, hyphens or underscores'),
  /** Whether the version may be slower than the live one, as its team knows that it is. */
  slower: z.boolean().optional(),
});
export type ReleaseRequest = z.infer<typeof ReleaseRequestSchema>;

/** A release, as the states after ClaimRelease know it. */
export const ReleaseSchema = ReleaseRequestSchema.omit({ cell: true }).extend({
  cell: CellDescriptorSchema,
  from: ColourSchema,
  to: ColourSchema,
  /** Of one execution and one redrive: placements of an earlier attempt do not count. */
  attempt: z.string(),
});
export type Release = z.infer<typeof ReleaseSchema>;

const ofExecution = { executionArn: z.string() };
const ofRelease = { ...ofExecution, release: ReleaseSchema };

export const ClaimReleaseInput = z.object({ ...ofExecution, redriveCount: z.number(), request: z.unknown() });
export const ClaimReleaseOutput = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('claimed'), release: ReleaseSchema }),
  /** The same release has settled before. */
  z.object({ outcome: z.literal('done') }),
]);

export const PrepareTaskInput = z.object(ofRelease);
export const PrepareTaskOutput = z.object({ taskDefinition: z.string() });

export const FillColourInput = z.object({ ...ofRelease, taskDefinition: z.string(), taskToken: z.string() });
export const FillColourOutput = z.object({ deploymentId: z.string() });

export const ProbeColourInput = z.object(ofRelease);
export const ProbeColourOutput = z.object({ probed: z.number() });

export const ShiftRingInput = z.object({ ...ofRelease, ring: z.number().int().min(0) });
/** `ring`: the one that was moved, after empty ones. `left`: tenants that no ring has moved yet. */
export const ShiftRingOutput = z.object({ ring: z.number(), moved: z.number(), left: z.number() });

export const BakeRingInput = z.object({ ...ofRelease, taskToken: z.string() });
export const BakeRingOutput = z.object({ baking: z.literal(true) });

export const JudgeRingInput = z.object(ofRelease);
/** `held`: an operator wants the release to stay as it is. */
export const JudgeRingOutput = z.object({ verdict: z.enum(['good', 'held']), asked: z.number() });

export const SettleReleaseInput = z.object(ofRelease);
export const SettleReleaseOutput = z.object({ aligned: z.number() });

export const ConcludeReleaseInput = z.object({ ...ofRelease, redriveCount: z.number() });
export const ConcludeReleaseOutput = z.object({ tenants: z.number() });

export const ReturnTenantsInput = z.object({ ...ofRelease, failure: CaughtFailureSchema });
export const ReturnTenantsOutput = z.object({ aligned: z.number() });

export const PublishReturnInput = z.object({ ...ofRelease, redriveCount: z.number(), failure: CaughtFailureSchema });
export const PublishReturnOutput = z.object({ published: z.literal(true) });

export const RetryMoveInput = z.object({ tenant: z.string().min(1) });
/**
 * `before`: the colour to which the rule led; absent when it led to neither. `colour`: where it leads now; absent for a
 * suspended tenant, whose rule was made again.
 */
export const RetryMoveOutput = z.object({
  ...{ tenantId: z.string(), host: z.string() },
  colour: ColourSchema.optional(),
  before: ColourSchema.optional(),
});

export const ConcludeReturnInput = z.object({
  failure: CaughtFailureSchema,
  concludedAtRedrive: z.number(),
  redriveCount: z.number(),
});
export const ConcludeReturnOutput = z.object({ startOver: z.literal(true) });
