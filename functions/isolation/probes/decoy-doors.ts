import type { CellDescriptor } from '../../contract/cell';
import { keptFor } from '../../shared/kept-for';
import type { SessionCredentials } from '../../tenants/tenant-session';
import { type Attempt, attempt } from './attempt';
import { awsSession, type ProbeClients } from './aws-session';
import { openSession } from './open-session';
import { termsOfDecoy } from './terms';

/** The positive controls of a decoy that are the same for every tenant of its cell. */
export interface DecoyDoors {
  readonly credentials: () => Promise<SessionCredentials>;
  readonly session: () => Promise<Attempt>;
  readonly key: () => Promise<Attempt>;
  readonly secret: () => Promise<Attempt>;
}

/**
 * A denial of the decoy's proves something beside a grant of the same session. A grant of a moment ago
 * is as good, so an audit asks for it once a minute and not once a tenant.
 */
const GOOD_FOR = { ms: 60_000 };

function openDoors(clients: ProbeClients, decoy: CellDescriptor['decoy'], region: string): DecoyDoors {
  const name = `VerifyIsolation-${decoy.tenantId}`;
  const terms = { ...GOOD_FOR, isGood: ({ allowed }: Attempt) => allowed };
  const credentials = keptFor(GOOD_FOR, () => openSession(clients.sts, termsOfDecoy(decoy), name));
  // A session keeps its clients, and with them its credentials: each try has one of its own.
  const session = () => awsSession({ credentials, clients, region, name });
  return {
    credentials,
    session: () => attempt(credentials()),
    key: keptFor(terms, () => session().useKey(decoy.keyArn)),
    secret: keptFor(terms, () => session().readSecret(decoy.secretArn)),
  };
}

/** The doors of each decoy that a process meets: one for each cell. */
export function decoyDoors(clients: ProbeClients): (decoy: CellDescriptor['decoy'], region: string) => DecoyDoors {
  const known = new Map<string, DecoyDoors>();
  return (decoy, region) => {
    const id = JSON.stringify(decoy);
    const doors = known.get(id) ?? openDoors(clients, decoy, region);
    known.set(id, doors);
    return doors;
  };
}
