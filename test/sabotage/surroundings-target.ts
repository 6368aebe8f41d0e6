import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EC2Client } from '@aws-sdk/client-ec2';
import { ECSClient } from '@aws-sdk/client-ecs';
import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { IAMClient } from '@aws-sdk/client-iam';
import { S3Client } from '@aws-sdk/client-s3';
import { SNSClient } from '@aws-sdk/client-sns';
import { SSMClient } from '@aws-sdk/client-ssm';
import { ssmCells } from '../../functions/compute/ssm-cells';
import type { Answer } from '../../functions/isolation/report';
import {
  askSurroundings,
  type SurroundingsClients,
  surroundingsFacts,
} from '../../functions/isolation/surroundings/ask';
import type { Surroundings } from '../../functions/isolation/surroundings/surroundings';
import { stages } from '../../infra/config/stages';
import type { Platform } from '../../local/platform';
import { sessionOf } from './role-session';
import type { Verdict } from './target';
import type { Detonated } from './technique';

const clientsWith = (access: object): SurroundingsClients => ({
  ssm: new SSMClient(access),
  iam: new IAMClient(access),
  ec2: new EC2Client(access),
  ecs: new ECSClient(access),
  elb: new ElasticLoadBalancingV2Client(access),
  s3: new S3Client({ ...access, forcePathStyle: true }),
  dynamodb: new DynamoDBClient(access),
  events: new EventBridgeClient(access),
  sns: new SNSClient(access),
  cloudwatch: new CloudWatchClient(access),
});

/** What all tenants share, clients with every permission, and clients of AuditSurroundings' role. */
export interface SharedScene {
  readonly surroundings: Surroundings;
  readonly root: SurroundingsClients;
}
export interface SharedTarget extends SharedScene {
  readonly auditor: SurroundingsClients;
  readonly settle: () => Promise<void>;
}

/** A way to break what all tenants share and trust, through AWS's own API. */
export interface SharedTechnique {
  readonly name: string;
  readonly check: string;
  readonly detonate: (scene: SharedScene) => Promise<Detonated>;
}

export async function sharedTarget(platform: Platform): Promise<SharedTarget> {
  const { aws, outputs, emulator } = platform;
  const [cell] = await ssmCells(new SSMClient(aws)).cells();
  if (!cell) throw new Error('the platform has no cell');
  const { endpoint, region } = aws;
  const credentials = await sessionOf(platform, 'AuditSurroundings');
  return {
    surroundings: {
      accountId: outputs.accountId,
      region: outputs.region,
      cell,
      tableName: outputs.tenantsTableName,
      topicArn: outputs.alarmTopicArn,
      busName: outputs.eventBusName,
      evidenceBucketName: outputs.evidenceBucketName,
      billingAccountId: stages.local.billingAccountId,
    },
    root: clientsWith(aws),
    auditor: clientsWith({ endpoint, region, credentials }),
    settle: emulator.settle,
  };
}

/** Asks every question about the surroundings. @returns the answers that have not passed */
export async function sharedBreaches({ surroundings, auditor, settle }: SharedTarget): Promise<Answer[]> {
  await settle();
  const answers = await askSurroundings(surroundings, surroundingsFacts(auditor, surroundings), () => new Date());
  return answers.filter(({ passed }) => !passed);
}

/** Detonates a technique, asks, reverts and asks again. @throws Error when the detonation fails */
export async function trySharedTechnique(target: SharedTarget, technique: SharedTechnique): Promise<Verdict> {
  const { name, check, detonate } = technique;
  const began = performance.now();
  const { expectedEvidence, revert } = await detonate(target).catch((thrown: unknown) => {
    throw new Error(`cannot ${name}: ${thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : thrown}`);
  });
  const seen = await sharedBreaches(target).finally(revert);
  const seconds = (performance.now() - began) / 1000;
  const evidence = seen.find(({ id }) => id === check)?.evidence ?? 'nothing';
  return {
    ...{ technique: name, check, foundBy: seen.map(({ id }) => id) },
    ...{ found: evidence.includes(expectedEvidence), evidence, expectedEvidence, seconds },
    falseAlarms: (await sharedBreaches(target)).map((answer) => `${answer.id}: ${answer.evidence}`),
  };
}
