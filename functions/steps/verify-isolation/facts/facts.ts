import type { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { IAMClient } from '@aws-sdk/client-iam';
import type { KMSClient } from '@aws-sdk/client-kms';
import type { S3Client } from '@aws-sdk/client-s3';
import type { Subject } from '../subject';
import { type IdentityFacts, identityFacts } from './identity-facts';
import { type KeyFacts, keyFacts } from './key-facts';
import { type RoutingFacts, routingFacts } from './routing-facts';
import { type StorageFacts, storageFacts } from './storage-facts';

/** The configuration that AWS has of one tenant. Each fact is read once a run, and only where a check asks for it. */
export interface Facts {
  readonly key: KeyFacts;
  readonly storage: StorageFacts;
  readonly identity: IdentityFacts;
  readonly routing: RoutingFacts;
}

export interface FactClients {
  readonly kms: KMSClient;
  readonly s3: S3Client;
  readonly iam: IAMClient;
  readonly elb: ElasticLoadBalancingV2Client;
}

export const factsOf = (clients: FactClients, subject: Subject): Facts => ({
  key: keyFacts(clients.kms, subject),
  storage: storageFacts(clients.s3, subject),
  identity: identityFacts(clients.iam, subject),
  routing: routingFacts(clients.elb, subject),
});
