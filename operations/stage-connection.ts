import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { Option } from 'commander';
import { ControlPlaneOutputs } from '../infra/config/control-plane-outputs';
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
export interface StageConnection {
  readonly aws: AwsAccess;
  readonly eventBusName: string;
  readonly stateMachineArn: string;
  readonly tenantsTableName: string;
  readonly domain: string;
  /** Dead-letter queue of the rule that starts onboardings. */
  readonly undeliveredSignupsUrl: string;
  readonly auditMachineArn: string;
  readonly auditTenantFunctionName: string;
  readonly suspendTenantFunctionName: string;
  readonly resumeTenantFunctionName: string;
  readonly evidenceBucketName: string;
  /** Where the load balancer answers for any host, when DNS does not say so. */
  readonly loadBalancerUrl?: string;
}

export function localConnection(outputs: PlatformOutputs): StageConnection {
  const { endpointUrl, region, ...rest } = outputs;
  const aws = { endpoint: endpointUrl, region, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
  return { aws, ...rest };
}

const OperatorsOutputs = ControlPlaneOutputs.pick({
  EventBusName: true,
  StateMachineArn: true,
  TenantsTableName: true,
  UndeliveredSignupsUrl: true,
  AuditMachineArn: true,
  AuditTenantFunctionName: true,
  SuspendTenantFunctionName: true,
  ResumeTenantFunctionName: true,
  EvidenceBucketName: true,
  Domain: true,
});

/** `--stage` of every operator's command. */
export const stageOption = () => new Option('--stage <stage>', 'where').choices(STAGES).default('local');

/** The stacks of all stages have the same names: only the account says which stage an operator's credentials reach. */
export function requireAccountOf(stage: Stage, account: string | undefined): void {
  const { account: expected } = stages[stage].env;
  if (account !== expected)
    throw new Error(`stage ${stage} is account ${expected}, and these credentials are of account ${account ?? 'none'}`);
}

/** @throws Error that says how to start or deploy the stage, when it is not there, or whose credentials these are */
export async function connectTo(stage: Stage): Promise<StageConnection> {
  if (stage === 'local') return localConnection(await readOutputs());
  const aws = { region: stages[stage].env.region };
  const { Account } = await new STSClient(aws).send(new GetCallerIdentityCommand({}));
  requireAccountOf(stage, Account);
  const { Stacks } = await new CloudFormationClient(aws).send(new DescribeStacksCommand({ StackName: CONTROL_PLANE }));
  const outputs = OperatorsOutputs.safeParse(
    Object.fromEntries((Stacks?.[0]?.Outputs ?? []).map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue])),
  );
  if (!outputs.success) throw new Error(`stage ${stage} is not deployed: \`npm run deploy -- --stage ${stage}\``);
  const { data } = outputs;
  return {
    aws,
    eventBusName: data.EventBusName,
    stateMachineArn: data.StateMachineArn,
    tenantsTableName: data.TenantsTableName,
    undeliveredSignupsUrl: data.UndeliveredSignupsUrl,
    auditMachineArn: data.AuditMachineArn,
    auditTenantFunctionName: data.AuditTenantFunctionName,
    suspendTenantFunctionName: data.SuspendTenantFunctionName,
    resumeTenantFunctionName: data.ResumeTenantFunctionName,
    evidenceBucketName: data.EvidenceBucketName,
    domain: data.Domain,
  };
}
