import * as z from 'zod';
import { TENANT_ROLE_PATH } from '../../contract/naming';
import { settled } from '../../shared/settled';
import { type Check, checksOf, finding } from '../check';
import { areDisjoint, coversPattern } from '../comparison/patterns';
import { namesLogReading } from '../facts/account-facts';
import type { AccountLists } from '../facts/account-lists';
import { LOGS_METADATA } from '../metadata/logs';
import { covers, nameOf, parsePolicy, type Statement, whoOf } from '../policy-document';
import { logGroupsOf } from '../subject';

/** AWS authorizes some actions on the group and others on one of its streams. */
export const logArnsOf = (
  groups: readonly string[],
  { region, accountId }: { readonly region: string; readonly accountId: string },
) =>
  groups
    .map((name) => `arn:aws:logs:${region}:${accountId}:log-group:${name}`)
    .flatMap((arn) => [arn, `${arn}:log-stream:one`]);

/**
 * Whether a statement names an action that reads one of these logs. Who may do everything in the account
 * is its administrator: no policy of one tenant keeps an administrator out.
 */
const reads = (statement: Statement, arns: readonly string[]) =>
  namesLogReading(statement) &&
  (statement.not?.resources !== undefined ||
    statement.resources.some((pattern) => arns.some((arn) => coversPattern(pattern, arn))));

/** What AWS's services may do with a log group: bring events. */
const BRINGING = ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents', 'logs:PutLogEventsBatch'];

/**
 * Whether a statement of a resource policy lets somebody at one of these logs: any AWS service may bring events to
 * it, nobody else may, and nobody at all may read it by a resource policy. Policies without a resource that a log
 * group's own policy has are about that group.
 */
function admits({ effect, principals, actions, resources, inverted }: Statement, arns: readonly string[]): boolean {
  if (effect !== 'Allow') return false;
  const isAbout =
    inverted || resources.length === 0 || resources.some((each) => arns.some((arn) => !areDisjoint(each, arn)));
  const onlyBrings =
    !inverted &&
    actions.every((action) => BRINGING.some((each) => covers(action, each)) && !/[*?]/.test(action)) &&
    principals.every((each) => each.startsWith('Service:'));
  return isAbout && !onlyBrings;
}

/** Statements of resource policies that let somebody at one of these logs. */
export const admittedBy = (grants: Awaited<ReturnType<AccountLists['logGrants']>>, arns: readonly string[]): string[] =>
  grants.flatMap(({ policyName, policyDocument = '{}', resourceArn }) => {
    const group = resourceArn?.replace(/:\*$/, '');
    if (group !== undefined && !arns.includes(group)) return [];
    return parsePolicy(policyDocument)
      .filter((statement) => admits(statement, arns))
      .map((each) => `policy ${policyName ?? `of ${group}`} has the statement ${nameOf(each)} for ${whoOf(each)}`);
  });

/** Exports of these log groups into buckets. */
export const exportsOf = (
  exports: Awaited<ReturnType<AccountLists['logExports']>>,
  isAsked: (logGroupName: string) => boolean,
): string[] =>
  exports
    .filter(({ logGroupName = '' }) => isAsked(logGroupName))
    .map(
      ({ taskName, taskId, logGroupName, destination }) =>
        `export ${taskName ?? taskId} writes log group ${logGroupName} to bucket ${destination}`,
    );

/** "PutAccountPolicy": the document of a policy that subscribes to all log groups. */
const SubscribingSchema = z.object({ DestinationArn: z.string() });

/** "Syntax for data protection policies": where an audit of the policy sends what it has found. */
const ProtectionSchema = z.object({
  Statement: z.array(
    z.object({
      Operation: z.object({
        Audit: z.object({ FindingsDestination: z.record(z.string(), z.unknown()).default({}) }).optional(),
      }),
    }),
  ),
});
const destinationsOf = (document: string) =>
  ProtectionSchema.parse(JSON.parse(document)).Statement.flatMap(({ Operation: { Audit } }) =>
    Object.entries(Audit?.FindingsDestination ?? {}).map(([kind, to]) => `${kind} ${JSON.stringify(to)}`),
  );

export const LOGS_CHECKS: readonly Check[] = checksOf(LOGS_METADATA, {
  'logs.subscriptions': async ({ placed }, { facts }) => {
    const all = await facts.logs.subscriptions();
    const filters = all.filter(({ destinationArn = '' }) => !placed.logDestinations.includes(destinationArn));
    return finding(
      filters.map(
        ({ filterName, logGroupName, destinationArn }) =>
          `subscription ${filterName} sends log group ${logGroupName} to ${destinationArn}`,
      ),
      all.length === 0 ? 'no log group has a subscription' : 'no log group has a subscription but the organization’s',
    );
  },
  'logs.account-policies': async ({ placed }, { facts }) => {
    const [all, findings] = await settled([facts.lists.logPolicies(), facts.lists.logFindings()]);
    const subscriptions = all.filter(({ policyDocument = '{}' }) => {
      const { DestinationArn } = SubscribingSchema.safeParse(JSON.parse(policyDocument)).data ?? {};
      return DestinationArn === undefined || !placed.logDestinations.includes(DestinationArn);
    });
    return finding(
      [
        ...subscriptions.map(
          ({ policyName, policyDocument }) => `policy ${policyName} sends all logs of the account: ${policyDocument}`,
        ),
        ...findings.flatMap(({ policyName, policyDocument = '{}' }) =>
          destinationsOf(policyDocument).map(
            (to) => `policy ${policyName} sends what it finds in all logs of the account to ${to}`,
          ),
        ),
      ],
      'no subscription for the whole account, and no findings that are sent away',
    );
  },
  'logs.data-protection': async (_, { facts }) => {
    const groups = await facts.logs.groups();
    return finding(
      groups.flatMap(({ logGroupName, dataProtectionStatus }) =>
        dataProtectionStatus === 'ACTIVATED'
          ? [`log group ${logGroupName} has a data protection policy, which no template makes`]
          : [],
      ),
      `${groups.length} log groups, none with a data protection policy of its own`,
    );
  },
  'logs.resource-policies': async (subject, { facts }) => {
    const arns = logArnsOf(logGroupsOf(subject), subject);
    const violations = admittedBy(await facts.lists.logGrants(), arns);
    return finding(violations, 'no resource policy of CloudWatch Logs admits anybody but services that bring events');
  },
  'logs.readers': async (subject, { facts }) => {
    const arns = logArnsOf(logGroupsOf(subject), subject);
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
