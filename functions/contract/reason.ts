import * as z from 'zod';
import { isVisible } from './signup';
import { REASON_MAX_LENGTH } from './tenant';

/** Control characters but line breaks and tabs, and characters that change the direction of text. */
const STEERING = /(?![\n\r\t])\p{Cc}|[\u202a-\u202e\u2066-\u2069]/u;

/** Why an operator does something. Other operators read it in their terminals, and later in reports. */
export const ReasonSchema = z
  .string('expected a reason')
  .max(REASON_MAX_LENGTH, `expected at most ${REASON_MAX_LENGTH} characters`)
  .refine(isVisible, 'expected a reason that is not empty')
  .refine((text) => !STEERING.test(text), 'expected a reason without control characters');
