import { TENANT_ROLE_PATH } from '../../contract/naming';
import { type Check, checksOf, finding } from '../check';
import { coversPattern } from '../comparison/patterns';
import { namesLogReading } from '../facts/account-facts';
import { LOGS_METADATA } from '../metadata/logs';
import type { Statement } from '../policy-document';
import { logGroupsOf, type Subject } from '../subject';

/** AWS authorizes some actions on the group and others on one of its streams. */
const logArnsOf = (subject: Subject) =>
  logGroupsOf(subject)
    .map((name) => `arn:aws:logs:${subject.region}:${subject.accountId}:log-group:${name}`)
    .flatMap((arn) => [arn, `${arn}:log-stream:one`]);

/**
 * Whether a statement names an action that reads one of these logs. Who may do everything in the account
 * is its administrator: no policy of one tenant keeps an administrator out.
 */
const reads = (statement: Statement, arns: readonly string[]) =>
  namesLogReading(statement) &&
  (statement.not?.resources !== undefined ||
    statement.resources.some((pattern) => arns.some((arn) => coversPattern(pattern, arn))));

export const LOGS_CHECKS: readonly Check[] = checksOf(LOGS_METADATA, {
  'logs.subscriptions': async (_, { facts }) => {
    const filters = await facts.logs.subscriptions();
    return finding(
      filters.map(
        ({ filterName, logGroupName, destinationArn }) =>
          `subscription ${filterName} sends log group ${logGroupName} to ${destinationArn}`,
      ),
      'no log group has a subscription',
    );
  },
  'logs.account-policies': async (_, { facts }) =>
    finding(
      (await facts.lists.logPolicies()).map(
        ({ policyName, policyDocument }) => `policy ${policyName} sends all logs of the account: ${policyDocument}`,
      ),
      'no subscription for the whole account',
    ),
  'logs.readers': async (subject, { facts }) => {
    const arns = logArnsOf(subject);
    const readers = (await facts.account.principals()).filter(
      ({ arn, name, inline, managed }) =>
        !arn.includes(`:role${TENANT_ROLE_PATH}`) &&
        !subject.placed.logReaders.includes(name) &&
        [...inline, ...managed].some((each) => reads(each, arns)),
    );
    return finding(
      readers.map(({ kind, arn }) => `${kind} ${arn} may read the tenant’s logs`),
      'no policy of a principal that the stage does not list names an action that reads the tenant’s logs',
    );
  },
  'logs.filters': async (_, { facts }) => {
    const groups = await facts.logs.groups();
    return finding(
      groups.flatMap(({ logGroupName, metricFilterCount = 0 }) =>
        metricFilterCount > 0 ? [`log group ${logGroupName} has ${metricFilterCount} metric filters`] : [],
      ),
      `${groups.length} log groups, none with a metric filter`,
    );
  },
});
