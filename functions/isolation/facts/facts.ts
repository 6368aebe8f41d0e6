import type { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import type { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { EC2Client } from '@aws-sdk/client-ec2';
import type { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { IAMClient } from '@aws-sdk/client-iam';
import type { KMSClient } from '@aws-sdk/client-kms';
import type { OrganizationsClient } from '@aws-sdk/client-organizations';
import type { RDSClient } from '@aws-sdk/client-rds';
import type { ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api';
import type { Route53Client } from '@aws-sdk/client-route-53';
import type { S3Client } from '@aws-sdk/client-s3';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Statement } from '../policy-document';
import type { Subject } from '../subject';
import { type AccountFacts, accountFacts } from './account-facts';
import {
  type AccountListClients,
  type AccountLists,
  accountLists,
  auditedLists,
  type KeptLists,
} from './account-lists';
import { type AlarmFacts, alarmFacts, type FindAlarms } from './alarm-facts';
import { type DatabaseFacts, databaseFacts } from './database-facts';
import { type IdentityFacts, identityFacts } from './identity-facts';
import type { AccountWide } from './kept-account';
import { type KeyFacts, keyFacts } from './key-facts';
import { type LogFacts, logFacts } from './log-facts';
import { type NetworkFacts, networkFacts } from './network-facts';
import { type PasswordFacts, passwordFacts } from './password-facts';
import { type DescribedStacks, type ReleaseFacts, releaseFacts, type StackFacts, stackFacts } from './release-facts';
import { type RouteItemFacts, routeItemFacts } from './route-item-facts';
import { type RoutingFacts, routingFacts } from './routing-facts';
import { type SecretFacts, secretFacts } from './secret-facts';
import { manualSnapshots, type SnapshotFacts } from './snapshot-facts';
import { type StorageFacts, storageFacts } from './storage-facts';
import { type TaggedFacts, taggedFacts } from './tagged-facts';

/**
 * The configuration of one tenant in AWS. Each fact is read once a run, and only if a check needs
 * it.
 */
export interface Facts {
  readonly key: KeyFacts;
  readonly database: DatabaseFacts & { readonly manualSnapshots: () => Promise<readonly SnapshotFacts[]> };
  readonly storage: StorageFacts;
  readonly secrets: SecretFacts;
  readonly password: PasswordFacts;
  readonly network: NetworkFacts;
  readonly identity: IdentityFacts;
  readonly routing: RoutingFacts;
  readonly routeItem: RouteItemFacts;
  readonly logs: LogFacts;
  readonly alarms: AlarmFacts;
  readonly account: AccountFacts;
  readonly lists: AccountLists;
  readonly tagged: TaggedFacts;
  readonly stacks: StackFacts;
  readonly release: ReleaseFacts;
}

export interface FactClients {
  readonly kms: KMSClient;
  readonly rds: RDSClient;
  readonly s3: S3Client;
  readonly secrets: SecretsManagerClient;
  readonly ec2: EC2Client;
  readonly iam: IAMClient;
  readonly elb: ElasticLoadBalancingV2Client;
  readonly dynamodb: DynamoDBClient;
  readonly logs: CloudWatchLogsClient;
  readonly cloudformation: CloudFormationClient;
  readonly organizations: OrganizationsClient;
  readonly tagging: ResourceGroupsTaggingAPIClient;
  readonly route53: Route53Client;
  /** Where lists of the account are asked for by somebody who has it. */
  readonly resolver?: AccountListClients['resolver'];
  /** Of an audit. */
  readonly findAlarms?: FindAlarms | undefined;
}

interface AuditListing {
  readonly boundary?: readonly Statement[] | undefined;
  readonly lists?: Partial<KeptLists> | undefined;
}

/** Facts that the caller knows already, or can look up. What is absent is asked for. */
export interface Known {
  readonly account?: AccountFacts | undefined;
  readonly stacks?: DescribedStacks | undefined;
  /** Reads the item of the tenant's route, with others. */
  readonly route?: (() => Promise<unknown>) | undefined;
  /** What an audit has listed once for all its tenants: the statements of their boundary, and the account's lists. */
  readonly audit?: () => Promise<AuditListing | undefined>;
  /** What is the same for every tenant, as this process has asked for it a moment ago, where no audit has listed it. */
  readonly accountWide?: AccountWide | undefined;
}

export const factsOf = (clients: FactClients, subject: Subject, known: Known = {}): Facts => {
  const lists = auditedLists(
    known.accountWide?.lists ?? accountLists(clients),
    async () => (await known.audit?.())?.lists,
  );
  const boundary = async () =>
    (await known.audit?.())?.boundary ?? (await known.accountWide?.boundary(subject.boundaryArn));
  return {
    key: keyFacts(clients.kms, clients.organizations, subject),
    database: {
      ...databaseFacts(clients.rds, subject),
      manualSnapshots: manualSnapshots(clients.rds, subject, lists.snapshots),
    },
    storage: storageFacts(clients.s3, subject),
    secrets: secretFacts(clients.secrets, subject),
    password: passwordFacts(clients.rds, clients.secrets, subject),
    network: networkFacts(clients.ec2, clients.route53, subject),
    identity: identityFacts(clients.iam, subject, boundary),
    routing: routingFacts(clients.elb, subject),
    routeItem: routeItemFacts(clients.dynamodb, subject, known.route),
    logs: logFacts(clients.logs, subject),
    alarms: alarmFacts(clients.findAlarms, subject),
    account: known.account ?? accountFacts(clients.iam),
    lists,
    tagged: taggedFacts(clients.tagging, clients.kms, subject),
    stacks: stackFacts(clients.cloudformation, subject, known.stacks),
    release: releaseFacts(clients.s3, clients.cloudformation, subject),
  };
};
