import { randomUUID } from 'node:crypto';
import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import type { STSClient } from '@aws-sdk/client-sts';
import { PROBE_PREFIX } from '../../contract/naming';
import { pause } from '../../shared/invocation';
import { assumeTenantRole, type SessionCredentials, type SessionTerms } from '../../tenants/tenant-session';
import { once } from '../facts/reading';
import { bucketOf, type Subject, tenantIdOf } from '../subject';
import { type Attempt, attempt, type Patience, patiently } from './attempt';
import { awsSession, type ObjectSession, type ProbeClients } from './aws-session';
import { loadBalancerProbe } from './load-balancer-probe';
import { objectProbe } from './object-probe';
import type { Probes } from './probes';
import { decoyTermsOf, termsOf } from './terms';

/**
 * "Changes that I make are not always immediately visible": AWS may deny a role for some seconds
 * after its creation.
 */
const PAUSES_MS = [1_000, 2_000, 4_000, 8_000];

/**
 * Opens a session on terms that AWS should allow. @throws Error when AWS still denies it after the
 * last pause
 */
async function openSession(
  sts: STSClient,
  terms: SessionTerms,
  name: string,
  patience: Patience,
): Promise<SessionCredentials> {
  let credentials: SessionCredentials | undefined;
  const assume = async () => {
    credentials = await assumeTenantRole(sts, terms, name);
  };
  const { allowed } = await patiently(() => attempt(assume()), patience);
  if (!allowed || !credentials) throw new Error(`role ${terms.roleArn} cannot be assumed: AWS denies it`);
  return credentials;
}

/**
 * Probes of one tenant and of its cell's decoy. A session is opened by the first probe that needs
 * it, and kept for one run.
 */
export function probesOf(clients: ProbeClients, subject: Subject): Probes {
  const { sts } = clients;
  const name = `VerifyIsolation-${tenantIdOf(subject)}`;
  const patience: Patience = { pauses: subject.routed ? [] : PAUSES_MS, pause };
  const sessionOn = (terms: SessionTerms) =>
    awsSession({
      credentials: once(() => openSession(sts, terms, name, patience)),
      clients,
      region: subject.region,
      name,
    });
  const [tenant, decoy] = [sessionOn(termsOf(subject)), sessionOn(decoyTermsOf(subject))];
  const eventually = (probe: () => Promise<Attempt>) => patiently(probe, patience);
  const objectOf = (owner: ObjectSession, Bucket: string, other: ObjectSession) => {
    const place = { Bucket, Key: `${PROBE_PREFIX}${randomUUID()}` };
    // Where versioning is suspended, the object is the version `null`, which can be removed like
    // any other.
    let VersionId = 'null';
    const put = async () => {
      VersionId = (await owner.put(place)) ?? 'null';
    };
    return objectProbe({
      bucket: Bucket,
      write: () => eventually(() => attempt(put())),
      readBack: () => eventually(() => attempt(owner.get(place))),
      readByOther: () => attempt(other.get(place)),
      remove: () => clients.s3.send(new DeleteObjectCommand({ ...place, VersionId })),
    });
  };
  return {
    tenant,
    decoy,
    tenantsObject: objectOf(tenant, bucketOf(subject), decoy),
    decoysObject: objectOf(decoy, subject.cell.decoy.bucketName, tenant),
    assumeRole: (terms) => attempt(assumeTenantRole(sts, terms, name)),
    request: loadBalancerProbe(subject.cell.loadBalancerUrl, subject.tenant.host),
    eventually,
  };
}
