import type { Condition } from '../policy-document';
import { isPassedWith, type Known } from './conditions';

/** What is known of the keys of a request, whose names are in lower case. */
export type KnownRequest = (key: string) => Known | undefined;

const is = (...values: readonly string[]): Known => ({ values });
const ABSENT: Known = { present: false };

/** What only requests of services have: their names, and for whom they ask. */
const OF_SERVICES = /^aws:(?:principalservicename(?:slist)?|source(?:account|arn|orgid|orgpaths))$/;

/** The names of CloudWatch Logs as a principal, its regional one first. */
export const namesOfLogs = (region: string) => [`logs.${region}.amazonaws.com`, 'logs.amazonaws.com'];

const CONTEXT = 'kms:encryptioncontext:';
/** Properties of principals that are no services ("AWS global condition context keys"). */
const OF_OTHER_PRINCIPALS =
  /^aws:(?:principal(?:account|arn|orgid|orgpaths|type|tag\/.+)|userid|username|tokenissuetime|multifactorauth(?:present|age))$/;

/**
 * A request of CloudWatch Logs to encrypt or decrypt events of a log group ("Encrypt log data in CloudWatch Logs using AWS
 * KMS": the context of the encryption is the ARN of the group).
 */
export function requestOfLogs(
  groupArn: string,
  { accountId, region, organizationId }: { accountId: string; region: string; organizationId: string | undefined },
): KnownRequest {
  const names = namesOfLogs(region);
  const known: Readonly<Record<string, Known>> = {
    'aws:principalisawsservice': is('true'),
    'aws:principalservicename': is(...names.slice(0, 1)),
    'aws:principalservicenameslist': is(...names),
    'aws:requestedregion': is(region),
    'aws:securetransport': is('true'),
    'aws:sourceaccount': is(accountId),
    'aws:sourcearn': is(groupArn),
    ...(organizationId && { 'aws:sourceorgid': is(organizationId) }),
    [`${CONTEXT}aws:logs:arn`]: is(groupArn),
    'kms:encryptioncontextkeys': is('aws:logs:arn'),
  };
  return (key) => known[key] ?? (key.startsWith(CONTEXT) || OF_OTHER_PRINCIPALS.test(key) ? ABSENT : undefined);
}

const PRESENT: Known = { present: true };

/** Whose requests a tenant's role makes: the session's. */
export interface Asker {
  readonly roleArn: string;
  /** Of the session's tags; the role may have others besides. */
  readonly tags: Readonly<Record<string, string>>;
  /** Undefined: it is not known whether there is one. */
  readonly organizationId: string | undefined;
}

/**
 * A request that a session of a role makes itself ("AWS global condition context keys"; "Where you can use aws:PrincipalType":
 * `AssumedRole` for sessions of roles). Nothing is known of the network that it comes from.
 */
export function requestOfRole({ roleArn, tags, organizationId }: Asker): KnownRequest {
  const known: Readonly<Record<string, Known>> = {
    'aws:principalarn': is(roleArn),
    'aws:principalaccount': is(roleArn.split(':')[4] ?? ''),
    'aws:principalisawsservice': is('false'),
    'aws:principaltype': is('AssumedRole'),
    'aws:securetransport': is('true'),
    'aws:viaawsservice': is('false'),
    'aws:userid': PRESENT,
    'aws:tokenissuetime': PRESENT,
    'aws:username': ABSENT,
    'aws:calledvia': ABSENT,
    ...(organizationId && { 'aws:principalorgid': is(organizationId) }),
    ...Object.fromEntries(
      Object.entries(tags).map(([tag, value]) => [`aws:principaltag/${tag.toLowerCase()}`, is(value)]),
    ),
  };
  return (key) => known[key] ?? (OF_SERVICES.test(key) ? ABSENT : undefined);
}

const outcomes = (conditions: readonly Condition[], request: KnownRequest) =>
  conditions.map((test) => isPassedWith(test, request(test.key.toLowerCase())));

/** Whether a request certainly meets all conditions of a statement. */
export const meetsAll = (conditions: readonly Condition[], request: KnownRequest): boolean =>
  outcomes(conditions, request).every((each) => each === true);

/** Whether a request meets all conditions of a statement, as far as they are known. */
export const mayMeetAll = (conditions: readonly Condition[], request: KnownRequest): boolean =>
  !outcomes(conditions, request).includes(false);
