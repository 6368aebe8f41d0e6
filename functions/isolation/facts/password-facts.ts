import type { DBInstance, Event, RDSClient } from '@aws-sdk/client-rds';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { settled } from '../../shared/settled';
import { Unanswered } from '../check';
import type { Subject } from '../subject';
import { databaseFacts } from './database-facts';
import { readOnce } from './reading';
import { type SecretDescription, secretFacts } from './secret-facts';

/** What the master password follows from. */
export interface PasswordState {
  /** The primary and, where the plan has one, the replica. */
  readonly instances: readonly DBInstance[];
  readonly events: readonly Event[];
  readonly description: SecretDescription;
  readonly versions: readonly Date[];
  readonly pendingSince: Date | undefined;
}

export interface PasswordFacts {
  /**
   * Instances and secret as they were at one moment: no step of a rotation lies between the readings.
   *
   * @throws Unanswered when the secret changes at every reading
   */
  readonly atOneMoment: () => Promise<PasswordState>;
}

/** A rotation changes its secret twice, minutes apart. */
const READINGS = 4;

type SecretState = Pick<PasswordState, 'description' | 'versions' | 'pendingSince'>;

const sameSecret = (one: SecretState, other: SecretState) => {
  const textOf = ({ description, versions, pendingSince }: SecretState) => {
    const { VersionIdsToStages, LastRotatedDate, RotationEnabled, RotationLambdaARN } = description;
    return JSON.stringify([
      ...[VersionIdsToStages, LastRotatedDate, RotationEnabled, RotationLambdaARN],
      ...[versions, pendingSince],
    ]);
  };
  return textOf(one) === textOf(other);
};

/**
 * Reads the secret, the instances, and the secret again, until both readings of the secret are equal. Nothing here is
 * what another check has read before.
 */
export function passwordFacts(rds: RDSClient, secrets: SecretsManagerClient, subject: Subject): PasswordFacts {
  const secretNow = async (): Promise<SecretState> => {
    const facts = secretFacts(secrets, subject);
    const [description, versions, pendingSince] = await settled([
      facts.description(),
      facts.versions(),
      facts.pendingSince(),
    ]);
    return { description, versions, pendingSince };
  };
  const instancesNow = async () => {
    const facts = databaseFacts(rds, subject);
    const [primary, replica, events] = await settled([facts.instance(), facts.replica(), facts.events()]);
    return { instances: replica ? [primary, replica] : [primary], events };
  };
  return {
    atOneMoment: readOnce(async () => {
      let before = await secretNow();
      for (let reading = 0; reading < READINGS; reading++) {
        const between = await instancesNow();
        const after = await secretNow();
        if (sameSecret(before, after)) return { ...between, ...after };
        before = after;
      }
      throw new Unanswered(`the secret of the master password changed at each of ${READINGS} readings`);
    }),
  };
}
