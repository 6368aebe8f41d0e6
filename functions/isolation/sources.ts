import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EC2Client } from '@aws-sdk/client-ec2';
import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { IAMClient } from '@aws-sdk/client-iam';
import { KMSClient } from '@aws-sdk/client-kms';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { OrganizationsClient } from '@aws-sdk/client-organizations';
import { RDSClient } from '@aws-sdk/client-rds';
import { ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api';
import { Route53Client } from '@aws-sdk/client-route-53';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { STSClient } from '@aws-sdk/client-sts';
import { ASK_DATABASE_SECONDS } from '../contract/call-limits';
import { clientOptions, EndingWithInvocation, REQUEST_LIMITS, withoutCallLog } from '../shared/clients';
import type { Sources } from './check';
import { type FactClients, factsOf, type Known } from './facts/facts';
import { probesOf } from './probes/aws-probes';
import type { ProbeClients } from './probes/aws-session';
import { decoyDoors } from './probes/decoy-doors';
import type { Subject } from './subject';

export type SourceClients = FactClients & ProbeClients;

/**
 * Region, endpoint and credentials for a caller outside AWS. A function has all three in its
 * environment.
 */
export interface Reaching {
  readonly region?: string;
  readonly endpoint?: string;
  readonly credentials?: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
}

/** AskDatabase answers when all its logins have ended. A client that waited less would ask it a second time. */
const UNTIL_ASKED = {
  maxAttempts: 2,
  requestHandler: new EndingWithInvocation({ ...REQUEST_LIMITS, requestTimeout: (ASK_DATABASE_SECONDS + 5) * 1000 }),
} as const;

export function sourceClients({ credentials, ...place }: Reaching = {}): SourceClients {
  const all = { ...clientOptions, ...place, ...(credentials && { credentials }) };
  return {
    kms: withoutCallLog(new KMSClient(all)),
    rds: withoutCallLog(new RDSClient(all)),
    s3: withoutCallLog(new S3Client(all)),
    secrets: withoutCallLog(new SecretsManagerClient(all)),
    ec2: withoutCallLog(new EC2Client(all)),
    iam: withoutCallLog(new IAMClient(all)),
    elb: withoutCallLog(new ElasticLoadBalancingV2Client(all)),
    dynamodb: withoutCallLog(new DynamoDBClient(all)),
    logs: withoutCallLog(new CloudWatchLogsClient(all)),
    cloudformation: withoutCallLog(new CloudFormationClient(all)),
    tagging: withoutCallLog(new ResourceGroupsTaggingAPIClient(all)),
    route53: withoutCallLog(new Route53Client(all)),
    organizations: withoutCallLog(new OrganizationsClient(all)),
    sts: withoutCallLog(new STSClient(all)),
    lambda: withoutCallLog(new LambdaClient({ ...all, ...UNTIL_ASKED })),
  };
}

/** Facts and probes of one tenant. They are for one run: each fact is read once and kept. */
export const sourcesOf = (
  clients: SourceClients,
  subject: Subject,
  known?: Known,
  doorsOf = decoyDoors(clients),
): Sources => ({
  facts: factsOf(clients, subject, known),
  probes: probesOf(clients, subject, doorsOf),
});
