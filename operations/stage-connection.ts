import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { Option } from 'commander';
import { outputName, type StageOutputs, StageStackOutputsSchema } from '../functions/contract/outputs';
import { describeStack, outputsIn } from '../functions/stacks/stacks';
import { environments, STAGES, type Stage } from '../infra/config/environments';
import { CONTROL_PLANE } from '../infra/config/stack-names';
import { type PlatformOutputs, readOutputs } from './outputs';

/**
 * Options for AWS SDK clients. Without endpoint and credentials they use AWS and the operator's
 * credentials.
 */
export interface AwsAccess {
  readonly region: string;
  readonly endpoint?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** What an operator's command must know about a deployed stage. */
export interface StageConnection extends StageOutputs {
  readonly aws: AwsAccess;
  /** Where the load balancer answers for any host, when its DNS name does not resolve. */
  readonly loadBalancerUrl?: string;
  /** A tenant's URL with the word SUBDOMAIN in place of its subdomain. */
  readonly tenantUrl?: string;
}

export function localConnection(outputs: PlatformOutputs): StageConnection {
  const { endpointUrl, region, ...rest } = outputs;
  const aws = { endpoint: endpointUrl, region, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
  return { aws, ...rest };
}

/** Option `--stage` of the operators' commands. */
export const stageOption = () => new Option('--stage <stage>', 'stage to work on').choices(STAGES).default('local');

/**
 * Stacks have the same names in all stages. Only the account tells which stage an operator's
 * credentials reach.
 */
export function requireAccountOf(stage: Stage, account: string | undefined): void {
  const { account: expected } = environments[stage];
  if (account !== expected)
    throw new Error(
      `stage ${stage} is in account ${expected}, but these credentials belong to account ${account ?? '(unknown)'}`,
    );
}

/**
 * Reads the outputs of the stage's control plane.
 *
 * @throws Error that says whether the stage is not deployed, or was deployed by another release
 */
export async function outputsOf(
  cloudformation: Pick<CloudFormationClient, 'send'>,
  stage: Stage,
): Promise<StageOutputs> {
  const deploy = `\`npm run deploy -- --stage ${stage}\``;
  const stack = await describeStack(cloudformation, CONTROL_PLANE);
  if (!stack)
    throw new Error(`stage ${stage} is not deployed: there is no stack ${CONTROL_PLANE}; deploy it with ${deploy}`);
  const outputs = StageStackOutputsSchema.safeParse(outputsIn(stack));
  if (outputs.success) return outputs.data;
  const missing = outputs.error.issues.map(({ path }) => path.map(String).map(outputName).join('.')).join(', ');
  throw new Error(
    `stage ${stage} was deployed by another release than this one: stack ${CONTROL_PLANE} (${stack.StackStatus}) lacks the ` +
      `outputs ${missing}. Deploy this release with ${deploy}, or use the commands of the deployed release`,
  );
}

/**
 * @throws Error that says how to start or deploy the stage, or that the credentials are of another
 * account
 */
export async function connectTo(stage: Stage): Promise<StageConnection> {
  if (stage === 'local') return localConnection(await readOutputs());
  const aws = await accessTo(stage);
  return { aws, ...(await outputsOf(new CloudFormationClient(aws), stage)) };
}

/** @throws Error that says how to start the stage, or that the credentials are of another account */
export async function accessTo(stage: Stage): Promise<AwsAccess> {
  if (stage === 'local') return localConnection(await readOutputs()).aws;
  const aws = { region: environments[stage].region };
  const { Account } = await new STSClient(aws).send(new GetCallerIdentityCommand({}));
  requireAccountOf(stage, Account);
  return aws;
}
