import { randomBytes } from 'node:crypto';
import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  type SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';
import { PlatformError } from '../contract/errors';
import { isNamed } from '../shared/is-named';
import { parseAt } from '../shared/parse-at';
import { unlessNamed } from '../shared/unless';

type Secrets = Pick<SecretsManagerClient, 'send'>;

/** The version that a rotation makes; Secrets Manager names it before it has a value. */
export interface PendingVersion {
  readonly secrets: Secrets;
  readonly secretId: string;
  readonly versionId: string;
}

/** What RDS and the template have put into the secret. RDS's own fields stay. */
const ValueSchema = z.looseObject({ username: z.string().min(1), password: z.string().min(1) });
export type MasterLogin = z.output<typeof ValueSchema>;

/** 240 random bits in 40 letters, digits, `-` and `_`: RDS takes 8 to 128, and none of `/`, `"`, `@` and space. */
const newPassword = () => randomBytes(30).toString('base64url');

/** @throws the service's error; `ResourceNotFoundException` also for a version that has no value yet */
async function loginOf(secrets: Secrets, request: GetSecretValueCommand['input']): Promise<MasterLogin> {
  const { SecretString = '' } = await secrets.send(new GetSecretValueCommand(request));
  return parseAt(`secret ${request.SecretId}`, ValueSchema, JSON.parse(SecretString || 'null'));
}

/** The master user's login as the secret has it: in force, or of a rotation that is under way. */
export const masterLogin = (secrets: Secrets, secretId: string, stage: 'AWSCURRENT' | 'AWSPENDING') =>
  loginOf(secrets, { SecretId: secretId, VersionStage: stage });

/** The same, where there may be no such version. */
export const pendingLogin = (secrets: Secrets, secretId: string): Promise<MasterLogin | undefined> =>
  unlessNamed(masterLogin(secrets, secretId, 'AWSPENDING'), 'ResourceNotFoundException');

/** The labels of each version of a secret, by its id. */
type Stages = Readonly<Record<string, readonly string[]>>;

export async function stagesOf({ secrets, secretId }: PendingVersion): Promise<Stages> {
  const { VersionIdsToStages = {} } = await secrets.send(new DescribeSecretCommand({ SecretId: secretId }));
  return VersionIdsToStages;
}

/**
 * Whether the rotation has finished already.
 *
 * @throws PlatformError `InvalidRequest` when no rotation has begun with this version
 */
export function stateIn(all: Stages, { secretId, versionId }: PendingVersion): 'current' | 'pending' {
  const stages = all[versionId] ?? [];
  if (stages.includes('AWSCURRENT')) return 'current';
  if (stages.includes('AWSPENDING')) return 'pending';
  throw new PlatformError('InvalidRequest', `version ${versionId} of ${secretId} is not pending`);
}

/** The value of the pending version, of which `createSecret` has made sure. */
export const passwordOf = ({ secrets, secretId, versionId }: PendingVersion) =>
  loginOf(secrets, { SecretId: secretId, VersionId: versionId, VersionStage: 'AWSPENDING' });

/** @returns false when the version has got another value meanwhile */
async function put({ secrets, secretId, versionId }: PendingVersion, value: MasterLogin): Promise<boolean> {
  const version = new PutSecretValueCommand({
    SecretId: secretId,
    ClientRequestToken: versionId,
    SecretString: JSON.stringify(value),
    VersionStages: ['AWSPENDING'],
  });
  return (await unlessNamed(secrets.send(version), 'ResourceExistsException')) !== undefined;
}

/**
 * Gives the pending version a new password, once: a second password would not be the one that RDS was told. A version that has
 * got its value from another invocation since it was read keeps that ("PutSecretValue", ResourceExistsException).
 *
 * @returns the login with the password, if that is new: then RDS knows nothing of it
 */
export async function beginVersion(version: PendingVersion): Promise<MasterLogin | undefined> {
  const { secrets, secretId } = version;
  try {
    await passwordOf(version);
    return undefined;
  } catch (thrown) {
    if (!isNamed(thrown, 'ResourceNotFoundException')) throw thrown;
    const value = { ...(await masterLogin(secrets, secretId, 'AWSCURRENT')), password: newPassword() };
    return (await put(version, value)) ? value : undefined;
  }
}

/** From now on readers of the secret get this version. Secrets Manager makes the former one AWSPREVIOUS. */
export async function promote({ secrets, secretId, versionId }: PendingVersion, all: Stages): Promise<void> {
  const [former] = Object.entries(all).find(([, stages]) => stages.includes('AWSCURRENT')) ?? [];
  await secrets.send(
    new UpdateSecretVersionStageCommand({
      SecretId: secretId,
      VersionStage: 'AWSCURRENT',
      MoveToVersionId: versionId,
      ...(former !== undefined && { RemoveFromVersionId: former }),
    }),
  );
}
