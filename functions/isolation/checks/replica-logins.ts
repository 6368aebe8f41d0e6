import type { DoorAnswers } from '../../database/door-call';
import { FORBIDDEN_POWERS } from '../../database/forbidden-powers';
import { ROLES_REVISION } from '../../database/release-facts';
import { type Check, checksOf, type Finding, finding, NotAsked } from '../check';
import { REPLICA_LOGINS_METADATA } from '../metadata/replica-logins';
import type { Door } from '../probes/database-door';
import { doorOf } from './database-door';
import {
  byToken,
  byTokenOrPassword,
  INSUFFICIENT_PRIVILEGE,
  judged,
  open,
  ownLoginOf,
  type Refusal,
  withoutTls,
  wordsOf,
} from './database-logins';

/** "PostgreSQL Error Codes": read_only_sql_transaction. */
const READ_ONLY = '25006';
/** The first revision with a reader, who is the only one to log in to a replica. */
const FIRST_WITH_READER = 2;

type Replica = NonNullable<DoorAnswers['replica']> & Pick<Door, 'unsent'>;

/** A plan without a replica has no second door, and a release without a reader has nobody who opens it. */
const ofReplica =
  (judge: (replica: Replica) => Finding): Check['run'] =>
  async (subject, sources) => {
    if (subject.stacks.database.outputs.ReplicaAddress === undefined)
      return finding([], 'the plan promises no replica');
    const { answers, unsentToReplica } = await doorOf(subject, sources);
    if ((subject.rolesRevision ?? ROLES_REVISION) < FIRST_WITH_READER)
      return finding([], 'the tenant’s release made no reader');
    if (!answers.replica) throw new NotAsked('AskDatabase is of an earlier release; deploy the cell');
    return judge({ ...answers.replica, unsent: unsentToReplica });
  };

const refused = (...refusals: readonly Refusal[]) => ofReplica((replica) => judged(replica, refusals));

function onlyReads({ own, powers, takesWrites }: Replica): Finding {
  if (own.outcome !== 'accepted') return open([`the reader’s login: ${wordsOf(own)}`]);
  const tried = FORBIDDEN_POWERS.map((what) => ({ what, code: powers[what] ?? 'not tried' }));
  const violations = [
    ...(takesWrites === true ? ['the replica takes writes'] : []),
    ...tried.flatMap(({ what, code }) => (code === 'done' ? [`the reader could ${what}`] : [])),
  ];
  const unclear = tried.filter(({ code }) => ![INSUFFICIENT_PRIVILEGE, READ_ONLY].includes(code));
  if (violations.length === 0 && (unclear.length > 0 || takesWrites === undefined))
    return open([...unclear.map(({ what, code }) => `${what}: ${code}`), `takes writes: ${takesWrites}`]);
  return finding(violations, 'the replica is only read');
}

const CHECKS = checksOf(REPLICA_LOGINS_METADATA, {
  'probes.replica-login': ofReplica(({ own }) => ownLoginOf(own, 'the tenant’s reader')),
  'probes.replica-from-decoy': refused(['decoy', 'a login to the replica with the decoy’s token', byToken]),
  'probes.replica-other-token': refused(
    ['application', 'a login to the replica as the application', byToken],
    ['other-user', 'a login to the replica with a token for another user', byToken],
    ['primary', 'a login to the replica with a token for the primary', byToken],
    ['master', 'a login to the replica as the master user with the tenant’s token', byTokenOrPassword],
  ),
  'probes.replica-without-tls': refused(
    ['plain', 'a login to the replica without TLS', withoutTls],
    ['plain-master', 'a login of the master user to the replica without TLS', withoutTls],
  ),
  'probes.replica-reads-only': ofReplica(onlyReads),
});

export const REPLICA_LOGIN_CHECKS: readonly Check[] = CHECKS.map((check) =>
  check.id === 'probes.replica-login' ? check : { ...check, refusal: true },
);
