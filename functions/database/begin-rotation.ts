import { createHash } from 'node:crypto';
import { RotateSecretCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { ROTATION_DAYS } from '../contract/naming';
import { isNamed } from '../shared/is-named';
import { logger } from '../shared/logger';

export interface RotationDeps {
  /** With the function's own role: it may begin a rotation by this function, and read no secret. */
  readonly secrets: Pick<SecretsManagerClient, 'send'>;
  /** ARN of RotateMasterSecret. */
  readonly rotationFunction: string;
}

/** "RotateSecret": of 32 to 64 characters; the same for every attempt of a run. */
const tokenOf = (executionArn: string) => createHash('sha256').update(executionArn).digest('hex');

/**
 * Sets the schedule by which Secrets Manager rotates the master password, and begins the first rotation. It goes on
 * by itself, for a minute or two, in which the password changes.
 *
 * Called again, it finds the rotation under way, or finished under its token.
 */
export async function beginRotation(
  { secrets, rotationFunction }: RotationDeps,
  secretId: string,
  executionArn: string,
): Promise<void> {
  try {
    await secrets.send(
      new RotateSecretCommand({
        SecretId: secretId,
        ClientRequestToken: tokenOf(executionArn),
        RotationLambdaARN: rotationFunction,
        RotationRules: { AutomaticallyAfterDays: ROTATION_DAYS },
        RotateImmediately: true,
      }),
    );
  } catch (thrown) {
    // "A previous rotation isn't complete. That rotation will be reattempted."
    if (!isNamed(thrown, 'InvalidRequestException') || !/previous rotation/i.test(thrown.message)) throw thrown;
    logger.info('rotation.underway', { secretId });
  }
}
