import * as z from 'zod';
import { type Signup, SignupSchema, signupDetail } from './signup';

/** The fields in which two signups of one signup id can differ. */
const ComparedFieldSchema = SignupSchema.keyof().exclude(['signupId']);
export type ComparedField = z.infer<typeof ComparedFieldSchema>;

const DetailSchema = z.record(z.string(), z.unknown()).catch({});

/**
 * The fields in which a signup differs from the accepted one of the same id, in the order of the
 * schema. A malformed field differs too: an accepted field is well formed.
 *
 * @param input an execution's input: the whole event, or its detail
 */
export function differingFields(input: unknown, accepted: Omit<Signup, 'version' | 'signupId'>): ComparedField[] {
  const detail = DetailSchema.parse(signupDetail(input));
  const expected = { ...accepted, version: SignupSchema.shape.version.value };
  return ComparedFieldSchema.options.filter((field) => detail[field] !== expected[field]);
}
