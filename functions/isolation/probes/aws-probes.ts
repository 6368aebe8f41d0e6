import { randomUUID } from 'node:crypto';
import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { loadBalancerProbe } from '../../compute/load-balancer-probe';
import { PROBE_PREFIX } from '../../contract/naming';
import { once } from '../../shared/once';
import { repeated } from '../../shared/repeated';
import { assumeTenantRole } from '../../tenants/tenant-session';
import { bucketOf, type Subject, tenantIdOf } from '../subject';
import { attempt } from './attempt';
import { awsSession, type ObjectSession, type ProbeClients } from './aws-session';
import { tryDoor } from './database-door';
import { decoyDoors } from './decoy-doors';
import { objectProbe } from './object-probe';
import { openSession } from './open-session';
import type { ObjectProbe, Probes } from './probes';
import { termsOf } from './terms';

/**
 * Probes of one tenant and of its cell's decoy. A session is opened by the first probe that needs
 * it, and kept for one run.
 *
 * @param doorsOf keeps the decoys' own controls from one run to the next
 */
export function probesOf(clients: ProbeClients, subject: Subject, doorsOf = decoyDoors(clients)): Probes {
  const { sts } = clients;
  const name = `VerifyIsolation-${tenantIdOf(subject)}`;
  const { region, key, stacks, cell } = subject;
  const credentials = once(() => openSession(sts, termsOf(subject), name));
  const doors = doorsOf(cell.decoy, region);
  const tenant = awsSession({ credentials, clients, region, name });
  const decoy = awsSession({ credentials: doors.credentials, clients, region, name });
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
  const { promise: databaseAsked, resolve: asked } = Promise.withResolvers<void>();
  return {
    tenant,
    decoy,
    own: {
      tenant: {
        session: () => attempt(credentials()),
        bucket: tenantsObject.opened,
        key: once(() => tenant.keyRoundTrip(key.keyArn)),
        secret: once(() => tenant.readSecret(stacks.database.outputs.SecretArn)),
      },
      decoy: {
        session: doors.session,
        bucket: decoysObject.opened,
        key: doors.key,
        secret: doors.secret,
      },
    },
    tenantsObject,
    decoysObject,
    assumeRole: (terms) => attempt(repeated(() => assumeTenantRole(sts, terms, name))),
    database: once(() => tryDoor({ lambda: clients.lambda, subject, tenant, decoy, now: Date.now, asked })),
    databaseAsked,
    request: loadBalancerProbe(cell.loadBalancerUrl, subject.tenant.host),
  };
}
