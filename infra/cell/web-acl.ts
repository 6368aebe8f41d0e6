import type { ApplicationLoadBalancer } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { CfnWebACL, CfnWebACLAssociation } from 'aws-cdk-lib/aws-wafv2';
import { Construct } from 'constructs';
import type { WebAclConfig } from '../config/stages';
import { cellName } from '../constructs/platform-names';

export interface WebAclProps extends WebAclConfig {
  readonly cell: string;
  readonly loadBalancer: ApplicationLoadBalancer;
}

/**
 * Rules that only count. Forms of a funnel may send more than 8 KB. The platform's own requests to
 * the load balancer, for example those of isolation checks, have no User-Agent.
 */
const COUNTED = ['SizeRestrictions_BODY', 'NoUserAgent_HEADER'];
const MANAGED = ['AmazonIpReputationList', 'CommonRuleSet', 'KnownBadInputsRuleSet'] as const;

const measured = (metricName: string): CfnWebACL.VisibilityConfigProperty => ({
  metricName,
  cloudWatchMetricsEnabled: true,
  sampledRequestsEnabled: true,
});

const managed = (group: (typeof MANAGED)[number], priority: number): CfnWebACL.RuleProperty => ({
  name: group,
  priority,
  overrideAction: { none: {} },
  statement: {
    managedRuleGroupStatement: {
      vendorName: 'AWS',
      name: `AWSManagedRules${group}`,
      ...(group === 'CommonRuleSet' && {
        ruleActionOverrides: COUNTED.map((name) => ({ name, actionToUse: { count: {} } })),
      }),
    },
  },
  visibilityConfig: measured(group),
});

/**
 * The web ACL before the load balancer of a cell: first a limit for each address, then AWS's
 * managed rules ("AWS Managed Rules rule groups list"). Health checks do not pass through it.
 */
export class WebAcl extends Construct {
  constructor(scope: Construct, id: string, { cell, loadBalancer, requestsPerFiveMinutes: limit }: WebAclProps) {
    super(scope, id);
    const acl = new CfnWebACL(this, 'Acl', {
      name: cellName(cell),
      scope: 'REGIONAL',
      defaultAction: { allow: {} },
      visibilityConfig: measured(cellName(cell)),
      rules: [
        {
          name: 'RateOfOneAddress',
          priority: 0,
          action: { block: {} },
          statement: { rateBasedStatement: { limit, aggregateKeyType: 'IP', evaluationWindowSec: 300 } },
          visibilityConfig: measured('RateOfOneAddress'),
        },
        ...MANAGED.map((group, index) => managed(group, index + 1)),
      ],
    });
    new CfnWebACLAssociation(this, 'Association', {
      resourceArn: loadBalancer.loadBalancerArn,
      webAclArn: acl.attrArn,
    });
  }
}
