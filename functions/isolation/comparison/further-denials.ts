import { type Condition, isOfNobody, type Statement } from '../policy-document';
import { areDisjoint, coversPattern } from './patterns';

/** Whose requests a denial must not meet. */
export interface Own {
  /** The platform's account, and others that a policy is for. */
  readonly accounts: readonly string[];
  /** Undefined where a stage does not say it: then any organization may be the account's. */
  readonly organizationId?: string | undefined;
  /** Whether services use what has the policy although that names none: a key, by grants ("Grants in AWS KMS"). */
  readonly served?: boolean;
}

/** Conditions that requests without TLS meet, or with an old one ("Amazon S3 condition key examples"), and no others. */
const isPlain = ({ operator, key, values }: Condition) =>
  [
    'bool aws:securetransport false',
    ...['numericlessthan s3:tlsversion 1.2', 'numericlessthan s3:tlsversion 1.3'],
  ].includes(`${operator} ${key} ${values.join()}`.toLowerCase());

/** A denial that meets such requests alone. Neither the platform nor a service of AWS makes them. */
export const refusesOnlyPlain = ({ conditions }: Statement): boolean => conditions.some(isPlain);

const isOperator = ({ operator }: Condition, pattern: RegExp) => pattern.test(operator);
const says = (conditions: readonly Condition[], operator: RegExp, key: string, value: string) =>
  conditions.some(
    (each) =>
      isOperator(each, operator) && each.key.toLowerCase() === key && each.values.join().toLowerCase() === value,
  );
const IF_BOOL = /^bool(?:ifexists)?$/i;
const isGiven = (conditions: readonly Condition[], key: string) => says(conditions, /^null$/i, key, 'false');

/** Who asks ("AWS global condition context keys": properties of the principal). A service has none of them. */
const ASKS = ['aws:principalaccount', 'aws:principalorgid', 'kms:calleraccount'];
/** For whom a service asks. */
const ASKED_FOR = ['aws:sourceaccount', 'aws:sourceorgid'];
/** Whose resource is asked for. */
const HAS = ['aws:resourceaccount', 'aws:resourceorgid'];

const ORGANIZATION = /^o-[a-z0-9]{10,32}$/;

/** Whether a condition is met only by what is neither of these accounts nor of their organization. */
function isOfOthers({ accounts, organizationId }: Own, keys: readonly string[]) {
  return (test: Condition): boolean => {
    const key = test.key.toLowerCase();
    if (!keys.includes(key) || !isOperator(test, /^stringnot(?:equals|like)(?:ifexists)?$/i)) return false;
    if (!key.endsWith('orgid')) return accounts.every((account) => test.values.includes(account));
    return test.values.some((value) => (organizationId ? value === organizationId : ORGANIZATION.test(value)));
  };
}

const ACCOUNT = /^AWS:(?:arn:aws:iam::)?(\d{12})(?::(.*))?$/;
/** Somebody of another account, a user of this one, as the platform has none, or nobody. */
const isSomebodyElse = (principal: string, { accounts }: Own) => {
  if (isOfNobody(principal)) return true;
  const [, account, who = ''] = ACCOUNT.exec(principal) ?? [];
  return account !== undefined && (!accounts.includes(account) || who.startsWith('user/'));
};

/**
 * Whether a denial keeps nobody out but strangers: those of other accounts and organizations, their resources, services
 * that act for them, or principals that it names. "Data perimeters on AWS": organizations add such statements to policies.
 */
function refusesOnlyStrangers(
  { conditions, principals, inverted }: Statement,
  own: Own,
  expected: readonly Statement[],
) {
  const served =
    own.served ||
    expected.some(({ effect, principals: all }) => effect === 'Allow' && all.some((each) => /^Service:/.test(each)));
  const ofOthers = (keys: readonly string[]) => conditions.find(isOfOthers(own, keys))?.key.toLowerCase();
  const [asks, askedFor, has] = [ofOthers(ASKS), ofOthers(ASKED_FOR), ofOthers(HAS)];
  // A service has no account, which is another one than this.
  const passesServices = !served || says(conditions, IF_BOOL, 'aws:principalisawsservice', 'false');
  const isOfServices = says(conditions, IF_BOOL, 'aws:principalisawsservice', 'true');
  return (
    (asks !== undefined && (passesServices || isGiven(conditions, asks))) ||
    (askedFor !== undefined &&
      isOfServices &&
      [askedFor, 'aws:sourceaccount'].some((key) => isGiven(conditions, key))) ||
    has !== undefined ||
    (!inverted && principals.length > 0 && principals.every((each) => isSomebodyElse(each, own)))
  );
}

const meet = (some: readonly string[], others: readonly string[]) =>
  some.some((one) => others.some((other) => !areDisjoint(one, other)));
const lowerCase = (texts: readonly string[]) => texts.map((each) => each.toLowerCase());

/** A denial in a resource's own policy is about that resource, also where it says `*`. */
const resourcesOf = ({ resources }: Statement, at: readonly string[]) =>
  resources.flatMap((each) => (each === '*' && at.length > 0 ? at : each));

/** Whether a denial forbids nothing that one of these statements allows, whoever asks. */
function forbidsNothingOf(further: Statement, needed: readonly Statement[], at: readonly string[]): boolean {
  const { actions, not } = further;
  if (not?.actions || not?.resources) return false;
  const resources = resourcesOf(further, at);
  return !needed.some(
    (each) =>
      each.effect === 'Allow' &&
      (each.inverted || meet(lowerCase(actions), lowerCase(each.actions))) &&
      (each.inverted || each.resources.length === 0 || resources.length === 0 || meet(resources, each.resources)),
  );
}

/** Something that a request does. */
interface Deed {
  readonly action: string;
  readonly resource: string;
}

/** Whether a denial is about something, whoever does it. */
function isAbout({ actions, resources, not }: Statement, { action, resource }: Deed): boolean {
  const among = (patterns: readonly string[], text: string) => patterns.some((each) => coversPattern(each, text));
  const isOfAction = not?.actions
    ? !among(lowerCase(not.actions), action.toLowerCase())
    : meet(lowerCase(actions), [action.toLowerCase()]);
  return isOfAction && (not?.resources ? !among(not.resources, resource) : meet(resources, [resource]));
}

/** A further denial that keeps nobody out but strangers and requests without TLS. */
export const harmlessTo =
  (own: Own) =>
  (further: Statement, expected: readonly Statement[]): boolean =>
    refusesOnlyPlain(further) || refusesOnlyStrangers(further, own, expected);

/** Such a one that spares something which the platform does with what is a stranger's. */
export const harmlessSparing =
  (own: Own, deed: Deed) =>
  (further: Statement, expected: readonly Statement[]): boolean =>
    refusesOnlyPlain(further) || (refusesOnlyStrangers(further, own, expected) && !isAbout(further, deed));

/**
 * One that does no harm, as it meets nothing that the platform's roles, or the policy itself, are there to allow: it
 * protects a table from its deletion.
 *
 * @param needed what the templates allow
 * @param at the ARNs of the resource that has the policy
 */
export const harmlessBeside =
  (own: Own, needed: readonly Statement[], ...at: readonly string[]) =>
  (further: Statement, expected: readonly Statement[]): boolean =>
    harmlessTo(own)(further, expected) || forbidsNothingOf(further, [...needed, ...expected], at);

/**
 * What more than the sessions of yesterday a statement is about. "Revoking IAM role temporary security credentials": an
 * operator's denial of all sessions from before a time, which no later session meets.
 */
export const endsMore = ({ effect, conditions }: Statement) =>
  effect === 'Allow' ||
  !conditions.some(
    ({ operator, key, values }) =>
      operator.toLowerCase() === 'datelessthan' &&
      key.toLowerCase() === 'aws:tokenissuetime' &&
      values.every((value) => Date.parse(value) <= Date.now()),
  );
