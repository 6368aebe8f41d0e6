import {
  DescribeAccountLimitsCommand,
  type ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { everyItem, pages } from '../../functions/shared/paging';
import type { StageConfig } from '../config/stages';
import { type Finding, failed, ok } from './finding';

const RULES = 'rules-per-application-load-balancer';
const SUBJECT = 'quota Rules per Application Load Balancer';

/**
 * Checks that a load balancer may have as many rules as the stage's cells rely on. Elastic Load Balancing tells it itself
 * ("DescribeAccountLimits"); the default rules of listeners do not count.
 */
export async function ruleFindings(
  elb: Pick<ElasticLoadBalancingV2Client, 'send'>,
  { cells }: Pick<StageConfig, 'cells'>,
): Promise<Finding[]> {
  const ask = (Marker?: string) => elb.send(new DescribeAccountLimitsCommand({ Marker }));
  const limits = await everyItem(pages(ask, 'NextMarker'), (page) => page.Limits);
  const needed = Math.max(...cells.map(({ quotas }) => quotas.rulesPerLoadBalancer));
  const value = limits.find(({ Name }) => Name === RULES)?.Max;
  if (value === undefined) throw new Error(`Elastic Load Balancing tells no limit ${RULES}`);
  if (Number(value) >= needed) return [ok(SUBJECT, `${value}, the stage needs ${needed}`)];
  const hint = "have it raised in Service Quotas (elasticloadbalancing), or make the stage's cells smaller";
  return [failed(SUBJECT, `${value}, but the stage needs ${needed}: ${hint}`)];
}
