import * as z from 'zod';
import { PlatformError } from '../contract/errors';
import { otherEvent, SIGNUP_DETAIL_TYPE, type Signup, SignupSchema, signupDetail } from '../contract/signup';
import { describeIssues } from '../shared/parse-at';

/**
 * Limit in bytes. Step Functions accepts 262,144 ("Service quotas for Step Functions"), EventBridge as much or more
 * ("Calculating PutEvents event entry size"). The difference is for the other data that the state machine
 * passes on with the input.
 */
const INPUT_MAX_BYTES = 240_000;

const FIELDS = Object.keys(SignupSchema.shape).join(', ');
const ObjectSchema = z.record(z.string(), z.unknown());
const EITHER_SHAPE =
  `input: expected the event of a signup ("detail-type": "${SIGNUP_DETAIL_TYPE}" and "detail", in lower case), ` +
  'or its detail alone; found no field of either';

/** An object without any field of a signup: an entry for PutEvents, an event without its type, the input of a function. */
function isOfAnotherShape(input: unknown): boolean {
  const object = ObjectSchema.safeParse(input).data;
  return object !== undefined && !Object.keys(SignupSchema.shape).some((field) => field in object);
}

/**
 * @param input an execution's input: the whole event, or its detail
 * @throws PlatformError `InvalidSignup`; the message names each bad field and what was expected
 */
export function parseSignup(input: unknown): Signup {
  const bytes = Buffer.byteLength(JSON.stringify(input) ?? '');
  if (bytes > INPUT_MAX_BYTES) {
    throw new PlatformError('InvalidSignup', `input: expected at most ${INPUT_MAX_BYTES} bytes, got ${bytes}`);
  }
  const other = otherEvent(input);
  if (other) throw new PlatformError('InvalidSignup', describeIssues(other));
  const detail = signupDetail(input);
  if (typeof detail === 'string') {
    throw new PlatformError('InvalidSignup', 'detail: expected an object, got a text: was it encoded as JSON twice?');
  }
  if (input === detail && isOfAnotherShape(input)) throw new PlatformError('InvalidSignup', EITHER_SHAPE);
  if (!ObjectSchema.safeParse(detail).success)
    throw new PlatformError(
      'InvalidSignup',
      `detail: expected an object with ${FIELDS}, got ${JSON.stringify(detail)}`.slice(0, 200),
    );
  const parsed = SignupSchema.safeParse(detail);
  if (!parsed.success) throw new PlatformError('InvalidSignup', describeIssues(parsed.error));
  return parsed.data;
}
