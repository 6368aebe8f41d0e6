import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { DescribeImagesCommand, type ECRClient } from '@aws-sdk/client-ecr';
import { GetParameterCommand, type SSMClient } from '@aws-sdk/client-ssm';
import { GetCallerIdentityCommand, type STSClient } from '@aws-sdk/client-sts';
import { isNamed } from '../../functions/shared/is-named';
import { placeholdersIn } from '../config/placeholders';
import type { StageConfig } from '../config/stages';
import { type Finding, failed, ok } from './finding';

/** Parameter of the default qualifier ("CDK bootstrapping"). */
const BOOTSTRAP_PARAMETER = '/cdk-bootstrap/hnb659fds/version';
/**
 * The first version whose asset bucket has its own key policy; CDK refuses older ones ("Bootstrap
 * template versions").
 */
const BOOTSTRAP_VERSION = 6;
/** `ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY:TAG`, or `@sha256:...` instead of the tag. */
const ECR_IMAGE = /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com\/([^:@]+)(?::([^@]+)|@(.+))$/;

export async function accountFindings(sts: Pick<STSClient, 'send'>, { env }: StageConfig): Promise<Finding[]> {
  const { Account, Arn } = await sts.send(new GetCallerIdentityCommand({}));
  return Account === env.account
    ? [ok('account', `${Account}, as ${Arn}`)]
    : [failed('account', `the stage is in account ${env.account}, but these credentials belong to account ${Account}`)];
}

export function placeholderFindings(config: StageConfig): Finding[] {
  const found = placeholdersIn(config);
  return found.length === 0
    ? [ok('configuration', 'filled in')]
    : found.map((placeholder) => failed('configuration', `${placeholder}: fill it in, in infra/config/stages.ts`));
}

export async function bootstrapFindings(ssm: Pick<SSMClient, 'send'>, { env }: StageConfig): Promise<Finding[]> {
  const hint = `npx cdk bootstrap aws://${env.account}/${env.region}`;
  try {
    const { Parameter } = await ssm.send(new GetParameterCommand({ Name: BOOTSTRAP_PARAMETER }));
    const version = Number(Parameter?.Value);
    return version >= BOOTSTRAP_VERSION
      ? [ok('bootstrap', `version ${version}`)]
      : [failed('bootstrap', `version ${Parameter?.Value}, but ${BOOTSTRAP_VERSION} is needed: ${hint}`)];
  } catch (thrown) {
    if (isNamed(thrown, 'ParameterNotFound')) return [failed('bootstrap', `the account is not bootstrapped: ${hint}`)];
    throw thrown;
  }
}

/**
 * Checks that Docker can build the image at deployment time, or that a registry has it.
 *
 * @param ecr the registry of a Region: ECS takes images of other Regions than its own, too
 */
export async function imageFindings(
  ecr: (region: string) => Pick<ECRClient, 'send'>,
  { image }: StageConfig,
): Promise<Finding[]> {
  if (image.from === 'dockerfile') {
    const docker = await promisify(execFile)('docker', ['info', '--format', '{{.ServerVersion}}']).then(
      ({ stdout }) => stdout.trim(),
      () => undefined,
    );
    return docker
      ? [ok('image', `Docker ${docker} will build it`)]
      : [failed('image', 'Docker does not answer; start it, or push an image and name it in the stage')];
  }
  const [, registryId, region, repositoryName, imageTag, imageDigest] = ECR_IMAGE.exec(image.uri) ?? [];
  if (!region) return [ok('image', `${image.uri} is in another registry than ECR: not looked for`)];
  try {
    const wanted = { registryId, repositoryName, imageIds: [{ imageTag, imageDigest }] };
    await ecr(region).send(new DescribeImagesCommand(wanted));
    return [ok('image', `${image.uri} is there`)];
  } catch (thrown) {
    if (isNamed(thrown, 'ImageNotFoundException', 'RepositoryNotFoundException'))
      return [failed('image', `${image.uri} not found: push it first`)];
    throw thrown;
  }
}
