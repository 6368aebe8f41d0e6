import type { DoorAnswers, LoginOutcome } from '../../database/door-call';
import { FORBIDDEN_POWERS } from '../../database/forbidden-powers';
import { ROLES_REVISION } from '../../database/release-facts';
import { type Check, checksOf, type Finding, finding } from '../check';
import { DATABASE_LOGINS_METADATA } from '../metadata/database-logins';
import type { Door, LoginName, ReplicaLoginName } from '../probes/database-door';
import { doorOf } from './database-door';

type Refused = Extract<LoginOutcome, { outcome: 'refused' }>;

/** SQL states of a server that takes nobody now: classes 53 and 57, "PostgreSQL Error Codes". */
const TAKES_NOBODY = /^5[37]/;

const INVALID_AUTHORIZATION = '28000';
const INVALID_PASSWORD = '28P01';
export const INSUFFICIENT_PRIVILEGE = '42501';

/** "PAM authentication failed": RDS's answer to a token that does not open this door for this user. */
export const byToken = ({ code, message }: Refused) =>
  code === INVALID_AUTHORIZATION && /^PAM authentication/.test(message);
/** The master user has a password: a token is a wrong one. */
export const byTokenOrPassword = (refused: Refused) => byToken(refused) || refused.code === INVALID_PASSWORD;
export const withoutTls = ({ code, message }: Refused) =>
  code === INVALID_AUTHORIZATION && /no encryption|SSL off/i.test(message);
const byRight = ({ code }: Refused) => code === INSUFFICIENT_PRIVILEGE;

/** A login that must be refused, what it is, and how it must be refused. */
export type Refusal = readonly [
  name: LoginName | ReplicaLoginName,
  what: string,
  isMeant: (refused: Refused) => boolean,
];

export const wordsOf = (outcome: LoginOutcome): string => {
  if (outcome.outcome === 'refused') return `${outcome.message} (${outcome.code})`;
  return outcome.outcome === 'unreached' ? outcome.reason : 'accepted';
};

export const open = (reasons: readonly string[]): Finding => ({
  passed: false,
  unanswered: true,
  evidence: `could not be answered: ${reasons.join('; ')}`,
  restsOn: 'role',
});

/**
 * A refusal proves something only beside the own login, which the same server has just accepted, and only when the
 * server gives the expected reason: a server that is full refuses everybody.
 */
export function judged(
  { own, others, unsent }: Pick<DoorAnswers, 'own' | 'others'> & Pick<Door, 'unsent'>,
  refusals: readonly Refusal[],
): Finding {
  const outcomes = refusals.map(([name, what, isMeant]) => ({ name, what, isMeant, outcome: others[name] }));
  const violations = outcomes.flatMap(({ what, outcome, isMeant }) => {
    if (outcome?.outcome === 'accepted') return [`${what} was accepted`];
    const asked = outcome?.outcome === 'refused' && isMeant === withoutTls && byTokenOrPassword(outcome);
    return asked ? [`${what} was asked for its secret`] : [];
  });
  // Whom the door lets in, it lets in, whatever becomes of the own login.
  if (violations.length > 0) return finding(violations, '');
  if (own.outcome !== 'accepted') return open([`a refusal would prove nothing beside the own login: ${wordsOf(own)}`]);
  const unclear = outcomes.flatMap(({ name, what, outcome, isMeant }) => {
    if (!outcome) return [`${what} could not be tried: ${unsent[name] ?? 'no answer'}`];
    return outcome.outcome === 'refused' && isMeant(outcome)
      ? []
      : [`${what} ended for another reason: ${wordsOf(outcome)}`];
  });
  return unclear.length > 0 ? open(unclear) : finding([], `refused: ${refusals.map(([, what]) => what).join(', ')}`);
}

const judgedOf = ({ answers, unsent }: Door, refusals: readonly Refusal[]) => judged({ ...answers, unsent }, refusals);

const refused =
  (...refusals: readonly Refusal[]): Check['run'] =>
  async (subject, sources) =>
    judgedOf(await doorOf(subject, sources), refusals);

/** @param who whose login it is */
export function ownLoginOf(own: LoginOutcome, who: string): Finding {
  if (own.outcome === 'accepted') return finding([], `${who} has logged in over TLS with an IAM token`);
  if (own.outcome === 'unreached' || TAKES_NOBODY.test(own.code)) return open([wordsOf(own)]);
  return { passed: false, evidence: `${who} was refused: ${wordsOf(own)}`, restsOn: 'role' };
}

const ownLogin: Check['run'] = async (subject, sources) =>
  ownLoginOf((await doorOf(subject, sources)).answers.own, 'the tenant’s role');

const powers: Check['run'] = async (subject, sources) => {
  const { answers } = await doorOf(subject, sources);
  if (answers.own.outcome !== 'accepted') return open([`the own login: ${wordsOf(answers.own)}`]);
  const tried = FORBIDDEN_POWERS.map((what) => ({ what, code: answers.powers[what] ?? 'not tried' }));
  const violations = tried.flatMap(({ what, code }) => (code === 'done' ? [`the application could ${what}`] : []));
  const unclear = tried.filter(({ code }) => code !== INSUFFICIENT_PRIVILEGE);
  if (violations.length === 0 && unclear.length > 0)
    return open(unclear.map(({ what, code }) => `the attempt to ${what} ended for another reason: ${code}`));
  return finding(violations, `denied: ${tried.map(({ what }) => what).join(', ')}`);
};

const otherDatabases: Check['run'] = async (subject, sources) => {
  const door = await doorOf(subject, sources);
  // Until its second revision the release left them open. They have no data, and database.release tells it.
  if ((subject.rolesRevision ?? ROLES_REVISION) < 2) return finding([], 'open, as the tenant’s release made them');
  return judgedOf(door, [
    ['postgres', 'a login to the database postgres', byRight],
    ['template1', 'a login to the database template1', byRight],
  ]);
};

const CHECKS = checksOf(DATABASE_LOGINS_METADATA, {
  'probes.database-login': ownLogin,
  'probes.database-from-decoy': refused(['decoy', 'a login with the decoy’s token', byToken]),
  'probes.database-other-user': refused(
    ['other-user', 'a login with a token for another user', byToken],
    ['master', 'a login as the master user with the tenant’s token', byTokenOrPassword],
  ),
  'probes.database-expired-token': refused(['expired', 'a login with an expired token', byToken]),
  'probes.database-without-tls': refused(
    ['plain', 'a login without TLS', withoutTls],
    ['plain-master', 'a login of the master user without TLS', withoutTls],
  ),
  'probes.database-master-password': refused([
    'master-password',
    'a login as the application with the master password',
    byToken,
  ]),
  'probes.database-powers': powers,
  'probes.database-others': otherDatabases,
});

export const DATABASE_LOGIN_CHECKS: readonly Check[] = CHECKS.map((check) =>
  check.id === 'probes.database-login' ? { ...check, ahead: true } : { ...check, refusal: true },
);
