import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { Option } from 'commander';
import { type StageOutputs, StageStackOutputsSchema } from '../functions/contract/outputs';
import { CONTROL_PLANE } from '../infra/config/stack-names';
import { STAGES, type Stage, stages } from '../infra/config/stages';
import { type PlatformOutputs, readOutputs } from './outputs';

/** Options for the clients of the AWS SDK. Without endpoint and credentials they find AWS and the operator's own. */
export interface AwsAccess {
  readonly region: string;
  readonly endpoint?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** What an operator's command needs of a deployed stage. */
export interface StageConnection extends StageOutputs {
  readonly aws: AwsAccess;
  /** Where the load balancer answers for any host, when DNS does not say so. */
  readonly loadBalancerUrl?: string;
}

export function localConnection(outputs: PlatformOutputs): StageConnection {
  const { endpointUrl, region, ...rest } = outputs;
  const aws = { endpoint: endpointUrl, region, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
  return { aws, ...rest };
}

/** `--stage` of every operator's command. */
export const stageOption = () => new Option('--stage <stage>', 'stage to work on').choices(STAGES).default('local');

/** The stacks of all stages have the same names: only the account says which stage an operator's credentials reach. */
export function requireAccountOf(stage: Stage, account: string | undefined): void {
  const { account: expected } = stages[stage].env;
  if (account !== expected)
    throw new Error(
      `stage ${stage} is in account ${expected}, but these credentials belong to account ${account ?? '(unknown)'}`,
    );
}

/** @throws Error that says how to start or deploy the stage, when it is not there, or whose credentials these are */
export async function connectTo(stage: Stage): Promise<StageConnection> {
  if (stage === 'local') return localConnection(await readOutputs());
  const aws = { region: stages[stage].env.region };
  const { Account } = await new STSClient(aws).send(new GetCallerIdentityCommand({}));
  requireAccountOf(stage, Account);
  const { Stacks } = await new CloudFormationClient(aws).send(new DescribeStacksCommand({ StackName: CONTROL_PLANE }));
  const outputs = StageStackOutputsSchema.safeParse(
    Object.fromEntries((Stacks?.[0]?.Outputs ?? []).map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue])),
  );
  if (!outputs.success) {
    const missing = outputs.error.issues.map(({ path }) => path.join('.')).join(', ');
    throw new Error(
      `stage ${stage} is not deployed, or by another release (missing outputs: ${missing}); ` +
        `deploy it with \`npm run deploy -- --stage ${stage}\``,
    );
  }
  return { aws, ...outputs.data };
}
