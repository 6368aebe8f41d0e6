import { randomUUID } from 'node:crypto';
import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import type { STSClient } from '@aws-sdk/client-sts';
import { loadBalancerProbe } from '../../compute/load-balancer-probe';
import { PROBE_PREFIX } from '../../contract/naming';
import { once } from '../../shared/once';
import { repeated } from '../../shared/repeated';
import { assumeTenantRole, type SessionCredentials, type SessionTerms } from '../../tenants/tenant-session';
import { Unanswered } from '../check';
import { bucketOf, type Subject, tenantIdOf } from '../subject';
import { attempt, isDenial } from './attempt';
import { awsSession, type ObjectSession, type ProbeClients } from './aws-session';
import { objectProbe } from './object-probe';
import type { ObjectProbe, Probes } from './probes';
import { decoyTermsOf, termsOf } from './terms';

/**
 * Opens a session on terms that AWS should allow.
 *
 * @throws Unanswered when AWS denies it: no probe behind it can be made
 */
async function openSession(sts: STSClient, terms: SessionTerms, name: string): Promise<SessionCredentials> {
  try {
    return await repeated(() => assumeTenantRole(sts, terms, name));
  } catch (thrown) {
    if (!isDenial(thrown)) throw thrown;
    throw new Unanswered(`role ${terms.roleArn} cannot be assumed: AWS denies it`, 'role');
  }
}

/**
 * Probes of one tenant and of its cell's decoy. A session is opened by the first probe that needs
 * it, and kept for one run.
 */
export function probesOf(clients: ProbeClients, subject: Subject): Probes {
  const { sts } = clients;
  const name = `VerifyIsolation-${tenantIdOf(subject)}`;
  const { region, key, stacks, cell } = subject;
  const sessionOn = (terms: SessionTerms) => {
    const credentials = once(() => openSession(sts, terms, name));
    return { credentials, session: awsSession({ credentials, clients, region, name }) };
  };
  const [tenants, decoys] = [sessionOn(termsOf(subject)), sessionOn(decoyTermsOf(subject))];
  const [tenant, decoy] = [tenants.session, decoys.session];
  const objectOf = (
    owner: ObjectSession,
    Bucket: string,
    other: ObjectSession,
    otherIsReady: () => Promise<unknown>,
  ) => {
    const place = { Bucket, Key: `${PROBE_PREFIX}${randomUUID()}` };
    // Where versioning is suspended, the object is the version `null`, which can be removed like
    // any other.
    let VersionId = 'null';
    const put = async () => {
      VersionId = (await owner.put(place)) ?? 'null';
    };
    return objectProbe({
      bucket: Bucket,
      write: () => attempt(put()),
      readBack: () => attempt(owner.get(place)),
      otherIsReady,
      readByOther: () => attempt(other.get(place)),
      remove: () => repeated(() => clients.s3.send(new DeleteObjectCommand({ ...place, VersionId }))),
    });
  };
  const tenantsObject: ObjectProbe = objectOf(tenant, bucketOf(subject), decoy, () => decoysObject.opened());
  const decoysObject: ObjectProbe = objectOf(decoy, cell.decoy.bucketName, tenant, () => tenantsObject.opened());
  return {
    tenant,
    decoy,
    own: {
      tenant: {
        session: () => attempt(tenants.credentials()),
        bucket: tenantsObject.opened,
        key: once(() => tenant.keyRoundTrip(key.keyArn)),
        secret: once(() => tenant.readSecret(stacks.database.outputs.SecretArn)),
      },
      decoy: {
        session: () => attempt(decoys.credentials()),
        bucket: decoysObject.opened,
        key: once(() => decoy.useKey(cell.decoy.keyArn)),
        secret: once(() => decoy.readSecret(cell.decoy.secretArn)),
      },
    },
    tenantsObject,
    decoysObject,
    assumeRole: (terms) => attempt(repeated(() => assumeTenantRole(sts, terms, name))),
    request: loadBalancerProbe(cell.loadBalancerUrl, subject.tenant.host),
  };
}
