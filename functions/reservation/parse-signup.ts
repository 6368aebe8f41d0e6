import { PlatformError } from '../contract/errors';
import { type Signup, SignupSchema, signupDetail } from '../contract/signup';
import { describeIssues } from '../shared/parse-at';

/** A signup has six short fields; what is longer is not one. Keeps absurd inputs out of parsing, logs and messages. */
const INPUT_MAX_LENGTH = 16_384;

/**
 * @throws PlatformError `InvalidSignup` that names each bad field and what was expected of it
 */
export function parseSignup(input: unknown): Signup {
  const length = JSON.stringify(input)?.length ?? 0;
  if (length > INPUT_MAX_LENGTH) {
    throw new PlatformError('InvalidSignup', `input: expected at most ${INPUT_MAX_LENGTH} characters, got ${length}`);
  }
  const parsed = SignupSchema.safeParse(signupDetail(input));
  if (!parsed.success) throw new PlatformError('InvalidSignup', describeIssues(parsed.error));
  return parsed.data;
}
