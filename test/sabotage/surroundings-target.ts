import { BackupClient } from '@aws-sdk/client-backup';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CloudTrailClient } from '@aws-sdk/client-cloudtrail';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EC2Client } from '@aws-sdk/client-ec2';
import { ECRClient } from '@aws-sdk/client-ecr';
import { ECSClient } from '@aws-sdk/client-ecs';
import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { IAMClient } from '@aws-sdk/client-iam';
import { KMSClient } from '@aws-sdk/client-kms';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { RDSClient } from '@aws-sdk/client-rds';
import { Route53Client } from '@aws-sdk/client-route-53';
import { Route53ResolverClient } from '@aws-sdk/client-route53resolver';
import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import { SSMClient } from '@aws-sdk/client-ssm';
import { WAFV2Client } from '@aws-sdk/client-wafv2';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { ssmCells } from '../../functions/compute/ssm-cells';
import type { CellDescriptor } from '../../functions/contract/cell';
import { readAccount } from '../../functions/isolation/facts/account-facts';
import { accountLists, keepLists } from '../../functions/isolation/facts/account-lists';
import type { Answer } from '../../functions/isolation/report';
import {
  askSurroundings,
  type SurroundingsClients,
  surroundingsFacts,
} from '../../functions/isolation/surroundings/ask';
import { resolverAssociations } from '../../functions/isolation/surroundings/resolver-associations';
import type { Surroundings } from '../../functions/isolation/surroundings/surroundings';
import { settled } from '../../functions/shared/settled';
import type { TenantsTable } from '../../functions/tenants/tenants-table';
import { stages } from '../../infra/config/stages';
import type { Platform } from '../../local/platform';
import { sessionOf } from './role-session';
import type { Ground, Technique } from './together';

const clientsWith = (access: object, tableName: string): SharedTarget['auditor'] => ({
  table: { name: tableName, client: DynamoDBDocumentClient.from(new DynamoDBClient(access)) },
  ecr: new ECRClient(access),
  cloudformation: new CloudFormationClient(access),
  iam: new IAMClient(access),
  ec2: new EC2Client(access),
  ecs: new ECSClient(access),
  elb: new ElasticLoadBalancingV2Client(access),
  s3: new S3Client({ ...access, forcePathStyle: true }),
  dynamodb: new DynamoDBClient(access),
  events: new EventBridgeClient(access),
  sns: new SNSClient(access),
  cloudtrail: new CloudTrailClient(access),
  cloudwatch: new CloudWatchClient(access),
  backup: new BackupClient(access),
  kms: new KMSClient(access),
  lambda: new LambdaClient(access),
  logs: new CloudWatchLogsClient(access),
  rds: new RDSClient(access),
  route53: new Route53Client(access),
  resolver: new Route53ResolverClient(access),
  wafv2: new WAFV2Client(access),
  sfn: new SFNClient(access),
  sqs: new SQSClient(access),
});

type SharedClients = SurroundingsClients & {
  readonly table: TenantsTable & { readonly client: DynamoDBDocumentClient };
  readonly iam: IAMClient;
  readonly resolver: Route53ResolverClient;
  readonly rds: RDSClient;
  readonly logs: CloudWatchLogsClient;
};

/** What all tenants share, clients with every permission, and clients of AuditSurroundings' role. */
export interface SharedScene {
  readonly surroundings: Surroundings;
  readonly root: SharedClients & { readonly ssm: SSMClient };
  /** Where images are pushed to. */
  readonly registry: string;
}
export interface SharedTarget extends SharedScene {
  readonly auditor: SharedClients;
  /** The cell as its descriptor is now. */
  readonly described: () => Promise<CellDescriptor>;
  readonly settle: () => Promise<void>;
}

/** A way to break what all tenants share and trust, through AWS's own API. */
export type SharedTechnique = Technique<SharedScene>;

export async function sharedTarget(platform: Platform): Promise<SharedTarget> {
  const { aws, outputs, emulator } = platform;
  const ssm = new SSMClient(aws);
  const described = async () => {
    const [cell] = await ssmCells(ssm).cells();
    if (!cell) throw new Error('the platform has no cell');
    return cell;
  };
  const { endpoint, region } = aws;
  const credentials = await sessionOf(platform, 'AuditSurroundings');
  return {
    surroundings: {
      accountId: outputs.accountId,
      region: outputs.region,
      cell: await described(),
      tableName: outputs.tenantsTableName,
      topicArn: outputs.alarmTopicArn,
      busName: outputs.eventBusName,
      evidenceBucketName: outputs.evidenceBucketName,
      billingAccountId: stages.local.billingAccountId,
      placed: stages.local.placedByOrganization,
    },
    root: { ...clientsWith(aws, outputs.tenantsTableName), ssm },
    registry: emulator.endpointUrl,
    described,
    auditor: clientsWith({ endpoint, region, credentials }, outputs.tenantsTableName),
    settle: emulator.settle,
  };
}

/** Lists of the account that questions about tenants are about, too. */
export const listedBy = ({ auditor: { resolver, ...clients } }: SharedTarget) =>
  settled([
    readAccount(clients.iam),
    keepLists(accountLists({ ...clients, resolver: () => resolverAssociations(resolver) })),
  ]);

/** Asks every question about the surroundings. @returns the answers that have not passed */
export async function sharedBreaches(
  target: SharedTarget,
  listed?: Awaited<ReturnType<typeof listedBy>>,
): Promise<Answer[]> {
  const { surroundings: expected, auditor, described, settle } = target;
  await settle();
  const surroundings = { ...expected, cell: await described() };
  const [account, lists] = listed ?? (await listedBy(target));
  const factsOf = surroundingsFacts(
    auditor,
    surroundings,
    async () => account,
    async () => lists,
    [surroundings.cell],
  );
  const answers = await askSurroundings(surroundings, factsOf(surroundings.cell), () => new Date());
  return answers.filter(({ passed }) => !passed);
}

/** The ground on which techniques are tried on what all tenants share. */
export const sharedGroundOf = (target: SharedTarget): Ground<SharedScene> => ({
  scene: target,
  ask: () => sharedBreaches(target),
});
