import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import type { STSClient } from '@aws-sdk/client-sts';
import { PROBE_PREFIX } from '../../contract/naming';
import { once } from '../facts/reading';
import { bucketOf, type Subject, tenantIdOf } from '../subject';
import { type Attempt, attempt, type Patience, patiently } from './attempt';
import type { Doors, Terms } from './doors';
import { loadBalancerDoor } from './load-balancer-door';
import { objectTrial } from './object-trial';
import { type SessionCredentials, takingOn } from './take-on';
import { decoyTermsOf, termsOf } from './terms';
import { type ObjectVisitor, type PlatformClients, visitor } from './visitor';

/** `sts` takes on the tenants' roles, so its credentials must be trusted by them; `s3` removes what probes have written. */
export type DoorClients = PlatformClients;

/** "Changes that I make are not always immediately visible": a role minutes old may be refused for some seconds. */
const PAUSES_MS = [1_000, 2_000, 4_000, 8_000];

/** Opens a session on terms that should open it. @throws the refusal, once patience is at its end */
async function open(sts: STSClient, terms: Terms, name: string, patience: Patience): Promise<SessionCredentials> {
  let credentials: SessionCredentials | undefined;
  const taking = async () => {
    credentials = await takingOn(sts, terms, name);
  };
  const { opened } = await patiently(() => attempt(taking()), patience);
  if (!opened || !credentials) throw new Error(`${terms.roleArn} cannot be taken on: AWS refuses`);
  return credentials;
}

/** Doors of one tenant and of its cell's decoy. A session is opened when a door is first tried, and kept for one run. */
export function doorsOf(clients: DoorClients, subject: Subject): Doors {
  const { sts } = clients;
  const name = `VerifyIsolation-${tenantIdOf(subject)}`;
  const patience: Patience = { pauses: subject.routed ? [] : PAUSES_MS, pause };
  const as = (terms: Terms) =>
    visitor({ session: once(() => open(sts, terms, name, patience)), clients, region: subject.region, name });
  const [tenant, decoy] = [as(termsOf(subject)), as(decoyTermsOf(subject))];
  const eventually = (tryDoor: () => Promise<Attempt>) => patiently(tryDoor, patience);
  const objectOf = (owner: ObjectVisitor, Bucket: string, other: ObjectVisitor) => {
    const place = { Bucket, Key: `${PROBE_PREFIX}${randomUUID()}` };
    // Where versioning is suspended, what is written is the version `null`, and that can be removed like any other.
    let VersionId = 'null';
    const put = async () => {
      VersionId = (await owner.put(place)) ?? 'null';
    };
    return objectTrial({
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
    takeOn: (terms) => attempt(takingOn(sts, terms, name)),
    request: loadBalancerDoor(subject.cell.loadBalancerUrl, subject.tenant.host),
    eventually,
  };
}
