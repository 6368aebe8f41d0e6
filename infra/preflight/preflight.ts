import { ACMClient } from '@aws-sdk/client-acm';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { ECRClient } from '@aws-sdk/client-ecr';
import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { RDSClient } from '@aws-sdk/client-rds';
import { S3Client } from '@aws-sdk/client-s3';
import { ServiceQuotasClient } from '@aws-sdk/client-service-quotas';
import { SNSClient } from '@aws-sdk/client-sns';
import { SSMClient } from '@aws-sdk/client-ssm';
import { STSClient } from '@aws-sdk/client-sts';
import { settled } from '../../functions/shared/settled';
import type { StageConfig } from '../config/stages';
import { accountFindings, bootstrapFindings, imageFindings, placeholderFindings } from './account';
import { certificateFindings } from './certificate';
import { databaseFindings } from './database-offers';
import { deployedStageFindings } from './deployed-stage';
import { asked, type Finding, ok } from './finding';
import { ruleFindings } from './load-balancer-limits';
import { quotaFindings } from './quotas';

/** Options for the clients of the AWS SDK; for AWS itself the region is enough. */
export interface PreflightAccess {
  readonly region: string;
  readonly endpoint?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/**
 * The region in which Service Quotas has IAM's quotas ("AWS Identity and Access Management
 * endpoints and quotas").
 */
const HOME_OF_GLOBAL_QUOTAS = 'us-east-1';

/**
 * Asks AWS, before anything is built, for everything that a deployment and later onboardings
 * depend on. It changes nothing.
 */
export async function preflight(config: StageConfig, aws: PreflightAccess): Promise<readonly Finding[]> {
  const s3 = new S3Client({ ...aws, ...(aws.endpoint && { forcePathStyle: true }) });
  const needsBootstrap = config.credentials === 'bootstrap-roles';
  const answers = await settled([
    placeholderFindings(config),
    asked('account', () => accountFindings(new STSClient(aws), config)),
    asked('certificate', () => certificateFindings(new ACMClient(aws), config, new Date())),
    quotaFindings(
      {
        regional: new ServiceQuotasClient(aws),
        global: new ServiceQuotasClient({ ...aws, region: HOME_OF_GLOBAL_QUOTAS }),
      },
      config,
    ),
    asked('load balancer', () => ruleFindings(new ElasticLoadBalancingV2Client(aws), config)),
    databaseFindings(new RDSClient(aws), config),
    asked('bootstrap', async () =>
      needsBootstrap ? await bootstrapFindings(new SSMClient(aws), config) : [ok('bootstrap', 'not needed here')],
    ),
    asked('image', () => imageFindings((region) => new ECRClient({ ...aws, region }), config)),
    asked('deployed stage', () =>
      deployedStageFindings({
        cloudformation: new CloudFormationClient(aws),
        lambda: new LambdaClient(aws),
        s3,
        sns: new SNSClient(aws),
      }),
    ),
  ]);
  return answers.flat();
}

const MARKS = { ok: 'ok     ', failed: 'FAILED ', unknown: 'UNKNOWN' } as const;

export const findingText = ({ subject, verdict, says }: Finding) => `${MARKS[verdict]}  ${subject}: ${says}`;

/** True when every check passed. A check that AWS did not answer does not count as passed. */
export const isReady = (findings: readonly Finding[]) => findings.every(({ verdict }) => verdict === 'ok');
