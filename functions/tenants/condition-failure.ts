import * as z from 'zod';

const CancelledSchema = z.object({ CancellationReasons: z.array(z.object({ Code: z.string().optional() })) });

/**
 * Whether a write or a transaction failed only because its condition does not hold. A transaction
 * that also met a conflict does not count: its retry may succeed.
 */
export function isConditionFailure(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false;
  if (thrown.name === 'ConditionalCheckFailedException') return true;
  const cancelled = CancelledSchema.safeParse(thrown);
  if (thrown.name !== 'TransactionCanceledException' || !cancelled.success) return false;
  const codes = cancelled.data.CancellationReasons.map((reason) => reason.Code ?? 'None');
  return codes.includes('ConditionalCheckFailed') && codes.every((c) => c === 'ConditionalCheckFailed' || c === 'None');
}
