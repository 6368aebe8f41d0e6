import type { LambdaClient } from '@aws-sdk/client-lambda';
import { isTransient } from '../../contract/errors';
import { DATABASE_MASTER, DATABASE_NAME, tenantNames } from '../../contract/naming';
import { callAsk } from '../../database/cell-door';
import type { DoorAnswers, Login } from '../../database/door-call';
import { translateError } from '../../shared/error-translation';
import { settled } from '../../shared/settled';
import { Unanswered } from '../check';
import { type Subject, tenantIdOf } from '../subject';
import type { TenantSession } from './probes';

/** Logins that a tenant's database must refuse, besides the one that it must accept. */
export type LoginName =
  | 'decoy'
  | 'other-user'
  | 'master'
  | 'expired'
  | 'plain'
  | 'plain-master'
  | 'master-password'
  | 'postgres'
  | 'template1';

/** Logins that its replica must refuse, besides that of the reader. */
export type ReplicaLoginName = 'decoy' | 'application' | 'other-user' | 'primary' | 'master' | 'plain' | 'plain-master';

/** Logins that could not be tried, with the reason. */
type Unsent = Readonly<Partial<Record<string, string>>>;

export interface Door {
  readonly answers: DoorAnswers;
  readonly unsent: Unsent;
  readonly unsentToReplica: Unsent;
}

/** A quarter of an hour, in which a token is good, and a minute for clocks that differ. */
const EXPIRED_MS = 16 * 60_000;
/** Sent without encryption, where nothing secret may be. */
const NO_SECRET = 'no-secret';

interface DoorProps {
  readonly lambda: Pick<LambdaClient, 'send'>;
  readonly subject: Subject;
  readonly tenant: TenantSession;
  readonly decoy: TenantSession;
  readonly now: () => number;
  /** Told when the request is on its way. */
  readonly asked: () => void;
}

/**
 * Tries the doors of the tenant's database and its replica by AskDatabase of its cell. All tokens are signed here, without a
 * request: the function in the cell can make none.
 *
 * @throws Unanswered when the tenant's role cannot sign, or the function does not answer
 */
export async function tryDoor({ lambda, subject, tenant, decoy, now, asked }: DoorProps): Promise<Door> {
  const { EndpointAddress: host, EndpointPort, SecretArn } = subject.stacks.database.outputs;
  const { ReplicaAddress, ReplicaPort } = subject.stacks.database.outputs;
  const [tenantId, port] = [tenantIdOf(subject), Number(EndpointPort)];
  const [user, reader] = [tenantNames.databaseUser(tenantId), tenantNames.databaseReader(tenantId)];
  const login = (name: string, password: string, change: Partial<Login> = {}): Login => ({
    ...{ name, user, password, database: DATABASE_NAME, encrypted: true },
    ...change,
  });
  const tryingAt =
    <N extends string>(unsent: Record<string, string>) =>
    async (name: N, secret: () => Promise<string>, change?: Partial<Login>): Promise<Login[]> => {
      try {
        return [login(name, await secret(), change)];
      } catch (thrown) {
        if (isTransient(translateError(thrown).name)) throw thrown;
        unsent[name] = thrown instanceof Error ? thrown.message : String(thrown);
        return [];
      }
    };
  const [unsent, unsentToReplica]: [Record<string, string>, Record<string, string>] = [{}, {}];
  const ofMaster = { user: DATABASE_MASTER };
  const decoyId = subject.cell.decoy.tenantId;
  const token = await tenant.signLogin(host, port, user);
  const trying = tryingAt<LoginName>(unsent);
  const others = await settled([
    trying('decoy', () => decoy.signLogin(host, port, user)),
    trying('other-user', () => tenant.signLogin(host, port, tenantNames.databaseUser(decoyId))),
    trying('master', () => tenant.signLogin(host, port, DATABASE_MASTER), ofMaster),
    trying('expired', () => tenant.signLogin(host, port, user, new Date(now() - EXPIRED_MS))),
    trying('plain', async () => NO_SECRET, { encrypted: false }),
    trying('plain-master', async () => NO_SECRET, { ...ofMaster, encrypted: false }),
    trying('master-password', () => tenant.secretPassword(SecretArn)),
    trying('postgres', async () => token, { database: 'postgres' }),
    trying('template1', async () => token, { database: 'template1' }),
  ]);
  const replicasDoor = async (at: { readonly host: string; readonly port: number }) => {
    const sign = (name: string, by = tenant) => by.signLogin(at.host, at.port, name);
    const ofReader = { user: reader };
    const tryingReplica = tryingAt<ReplicaLoginName>(unsentToReplica);
    const refused = await settled([
      tryingReplica('decoy', () => sign(reader, decoy), ofReader),
      tryingReplica('application', () => sign(user)),
      tryingReplica('other-user', () => sign(tenantNames.databaseReader(decoyId)), ofReader),
      tryingReplica('primary', () => tenant.signLogin(host, port, reader), ofReader),
      tryingReplica('master', () => sign(DATABASE_MASTER), ofMaster),
      tryingReplica('plain', async () => NO_SECRET, { ...ofReader, encrypted: false }),
      tryingReplica('plain-master', async () => NO_SECRET, { ...ofMaster, encrypted: false }),
    ]);
    return { ...at, own: login('own', await sign(reader), ofReader), others: refused.flat() };
  };
  const replica =
    ReplicaAddress && ReplicaPort ? await replicasDoor({ host: ReplicaAddress, port: Number(ReplicaPort) }) : undefined;
  const input = { tenantId, host, port, own: login('own', token), others: others.flat(), replica };
  try {
    const answers = callAsk(lambda, subject.cell.name, input);
    asked();
    return { answers: await answers, unsent, unsentToReplica };
  } catch (thrown) {
    // A function that fails says nothing about AWS: the other checks have their answers.
    if (thrown instanceof Error && (thrown.name === 'ConfigurationInvalid' || isTransient(thrown.name)))
      throw new Unanswered(thrown.message, 'role');
    throw thrown;
  }
}
