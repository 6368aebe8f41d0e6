import { CloudFormationClient, paginateDescribeStacks } from '@aws-sdk/client-cloudformation';
import { CloudWatchClient, paginateDescribeAlarms } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient, paginateDescribeLogGroups } from '@aws-sdk/client-cloudwatch-logs';
import {
  DescribeTagsCommand,
  ElasticLoadBalancingV2Client,
  paginateDescribeRules,
  type Rule,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { IAMClient, paginateListPolicies, paginateListRoles } from '@aws-sdk/client-iam';
import { ListHostedZonesCommand, type ResourceRecordSet, Route53Client } from '@aws-sdk/client-route-53';
import { TENANT_TAG } from '../../functions/contract/naming';
import { everyRecord, hostIn, ownerIn } from '../../functions/dns/name-records';
import { everyItem } from '../../functions/shared/paging';
import type { AwsAccess } from '../../local/platform';
import { type Holding, holding, type Tag } from './holding';

/** "DescribeTags" of the Elastic Load Balancing API reference: up to 20 resources in one call. */
const TAGGED_AT_ONCE = 20;

async function ruleHoldings(client: ElasticLoadBalancingV2Client, ListenerArn: string): Promise<Holding[]> {
  const rules = await everyItem(
    paginateDescribeRules({ client }, { ListenerArn, PageSize: 400 }),
    (page) => page.Rules,
  );
  const tags = new Map<string | undefined, readonly Tag[]>();
  for (let from = 0; from < rules.length; from += TAGGED_AT_ONCE) {
    const ResourceArns = rules.slice(from, from + TAGGED_AT_ONCE).flatMap(({ RuleArn }) => RuleArn ?? []);
    const { TagDescriptions = [] } = await client.send(new DescribeTagsCommand({ ResourceArns }));
    for (const { ResourceArn, Tags = [] } of TagDescriptions) tags.set(ResourceArn, Tags);
  }
  const hosts = ({ Conditions = [] }: Rule) => Conditions.flatMap((x) => x.HostHeaderConfig?.Values ?? x.Values ?? []);
  return rules.map((rule) =>
    holding(
      `elb rule ${rule.Actions?.map(({ Type }) => Type).join()}`,
      `${rule.Priority} ${hosts(rule).join()}`,
      tags.get(rule.RuleArn),
    ),
  );
}

/** Records have no tags: those of one name are of the tenant that the name's TXT record names. */
async function nameHoldings(client: Route53Client): Promise<Holding[]> {
  const { HostedZones = [] } = await client.send(new ListHostedZonesCommand({}));
  const records: ResourceRecordSet[] = [];
  for (const { Id: id = '' } of HostedZones)
    for await (const record of everyRecord({ client, id })) records.push(record);
  const owners = new Map(records.map((record) => [hostIn(record), ownerIn(record)] as const).filter(([, id]) => id));
  return records.map((record) =>
    holding(`record ${record.Type}`, hostIn(record), [{ Key: TENANT_TAG, Value: owners.get(hostIn(record)) }]),
  );
}

/** What belongs to a tenant on the platform itself: stacks, roles, logs, alarms, its rule and its name. */
export async function platformHoldings(aws: AwsAccess, listenerArns: readonly string[]): Promise<Holding[]> {
  const [elb, iam] = [new ElasticLoadBalancingV2Client(aws), new IAMClient(aws)];
  const [cloudformation, cloudwatch] = [new CloudFormationClient(aws), new CloudWatchClient(aws)];
  const [logs, dns] = [new CloudWatchLogsClient(aws), new Route53Client(aws)];
  const [rules, names, stacks, roles, policies, logGroups, alarms] = await Promise.all([
    Promise.all(listenerArns.map((listenerArn) => ruleHoldings(elb, listenerArn))),
    nameHoldings(dns),
    everyItem(paginateDescribeStacks({ client: cloudformation }, {}), (page) => page.Stacks),
    everyItem(paginateListRoles({ client: iam }, {}), (page) => page.Roles),
    everyItem(paginateListPolicies({ client: iam }, { Scope: 'Local' }), (page) => page.Policies),
    everyItem(paginateDescribeLogGroups({ client: logs }, {}), (page) => page.logGroups),
    everyItem(paginateDescribeAlarms({ client: cloudwatch }, {}), (page) => page.MetricAlarms),
  ]);
  for (const used of [elb, iam, cloudformation, cloudwatch, logs, dns]) used.destroy();
  return [
    ...rules.flat(),
    ...names,
    ...stacks
      .filter(({ StackStatus }) => StackStatus !== 'DELETE_COMPLETE')
      .map(({ StackName, Tags, StackStatus, EnableTerminationProtection }) =>
        holding(`stack ${StackStatus}${EnableTerminationProtection ? ' protected' : ''}`, StackName, Tags),
      ),
    ...roles.map(({ Path, RoleName }) => holding('iam role', `${Path}${RoleName}`)),
    ...policies.map(({ Path, PolicyName }) => holding('iam policy', `${Path}${PolicyName}`)),
    ...logGroups.map(({ logGroupName }) => holding('log group', logGroupName)),
    ...alarms.map(({ AlarmName }) => holding('alarm', AlarmName)),
  ];
}
