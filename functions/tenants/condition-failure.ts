import * as z from 'zod';

const CancelledSchema = z.object({ CancellationReasons: z.array(z.object({ Code: z.string().optional() })) });

/**
 * Whether a condition, and nothing else, refused a conditional write or a transaction: an answer,
 * not a fault. A transaction that lost a race as well is worth another try first.
 */
export function isConditionFailure(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false;
  if (thrown.name === 'ConditionalCheckFailedException') return true;
  const cancelled = CancelledSchema.safeParse(thrown);
  if (thrown.name !== 'TransactionCanceledException' || !cancelled.success) return false;
  const codes = cancelled.data.CancellationReasons.map((reason) => reason.Code ?? 'None');
  return codes.includes('ConditionalCheckFailed') && codes.every((c) => c === 'ConditionalCheckFailed' || c === 'None');
}
