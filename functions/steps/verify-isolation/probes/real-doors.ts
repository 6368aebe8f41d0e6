import { setTimeout as pause } from 'node:timers/promises';
import type { STSClient } from '@aws-sdk/client-sts';
import { once } from '../facts/reading';
import { type Subject, tenantIdOf } from '../subject';
import { attempt, type Patience, patiently } from './attempt';
import type { Doors, Terms } from './doors';
import { loadBalancerDoor } from './load-balancer-door';
import { type SessionCredentials, takingOn } from './take-on';
import { decoyTermsOf, termsOf } from './terms';
import { type PlatformClients, visitor } from './visitor';

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
  return {
    tenant: as(termsOf(subject)),
    decoy: as(decoyTermsOf(subject)),
    takeOn: (terms) => attempt(takingOn(sts, terms, name)),
    request: loadBalancerDoor(subject.cell.loadBalancerUrl, subject.tenant.host),
    eventually: (tryDoor) => patiently(tryDoor, patience),
  };
}
