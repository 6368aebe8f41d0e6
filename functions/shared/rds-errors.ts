import { PlatformError } from '../contract/errors';
import { inAwsWords } from './error-translation';
import { isNamed } from './is-named';

/** The API's error codes lack the suffix `Fault`, the SDK's classes have it. */
export const isRdsError = (thrown: unknown, code: string): thrown is Error => isNamed(thrown, code, `${code}Fault`);

/**
 * What to throw when RDS has refused a change of an instance: `TransientConflict` in RDS's words while the status of the
 * instance does not allow it, and what was thrown otherwise.
 */
export const refusedChange = (id: string, thrown: unknown): unknown =>
  isRdsError(thrown, 'InvalidDBInstanceState')
    ? new PlatformError('TransientConflict', `RDS does not change ${id} now: ${inAwsWords(thrown)}`, { cause: thrown })
    : thrown;
