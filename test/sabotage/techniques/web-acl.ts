import {
  AssociateWebACLCommand,
  CreateWebACLCommand,
  DeleteLoggingConfigurationCommand,
  DeleteWebACLCommand,
  DisassociateWebACLCommand,
  GetWebACLCommand,
  GetWebACLForResourceCommand,
  PutLoggingConfigurationCommand,
  type Rule,
  UpdateWebACLCommand,
  type WebACL,
} from '@aws-sdk/client-wafv2';
import type { SharedScene, SharedTechnique } from '../surroundings-target';

async function aclOf({ surroundings: { cell }, root: { wafv2 } }: SharedScene): Promise<WebACL> {
  const { WebACL } = await wafv2.send(new GetWebACLForResourceCommand({ ResourceArn: cell.loadBalancerArn }));
  if (!WebACL) throw new Error('the load balancer has no web ACL');
  return WebACL;
}

/** Writes the web ACL as it is then. */
async function written({ root: { wafv2 } }: SharedScene, { Name, Id, ...acl }: WebACL): Promise<void> {
  const named = { Name, Id, Scope: 'REGIONAL' as const };
  const { LockToken } = await wafv2.send(new GetWebACLCommand(named));
  const { DefaultAction, Rules, VisibilityConfig } = acl;
  await wafv2.send(new UpdateWebACLCommand({ ...named, LockToken, DefaultAction, Rules, VisibilityConfig }));
}

const changed = (
  name: string,
  change: (acl: WebACL) => Partial<WebACL>,
  expectedEvidence: string,
): SharedTechnique => ({
  name,
  check: 'routing.web-acl',
  detonate: async (scene) => {
    const before = await aclOf(scene);
    await written(scene, { ...before, ...change(before) });
    return { expectedEvidence, revert: () => written(scene, before) };
  },
});

const loggingTo = (
  where: string,
  destinationOf: (surroundings: SharedScene['surroundings']) => string,
): SharedTechnique => ({
  name: `send a log of all requests to ${where}`,
  check: 'routing.web-acl',
  detonate: async (scene) => {
    const { wafv2 } = scene.root;
    const { ARN: ResourceArn } = await aclOf(scene);
    const destination = destinationOf(scene.surroundings);
    const LoggingConfiguration = { ResourceArn, LogDestinationConfigs: [destination] };
    await wafv2.send(new PutLoggingConfigurationCommand({ LoggingConfiguration }));
    return {
      expectedEvidence: `sends a log of all requests to ${destination}`,
      revert: () => wafv2.send(new DeleteLoggingConfigurationCommand({ ResourceArn })),
    };
  },
});

const ofRule =
  (called: string, change: (rule: Rule) => Partial<Rule>) =>
  ({ Rules = [] }: WebACL) => ({
    Rules: Rules.map((rule) => (rule.Name === called ? { ...rule, ...change(rule) } : rule)),
  });

const visible = (MetricName: string) => ({
  ...{ MetricName, CloudWatchMetricsEnabled: false, SampledRequestsEnabled: false },
});
const lettingPass: Rule = {
  ...{ Name: 'support', Priority: 100, Action: { Allow: {} }, VisibilityConfig: visible('support') },
  Statement: { GeoMatchStatement: { CountryCodes: ['KP'] } },
};

/** One rule more, which refuses requests. */
const blocking =
  (Statement: Rule['Statement']) =>
  ({ Rules = [] }: WebACL) => ({ Rules: [...Rules, { ...lettingPass, Action: { Block: {} }, Statement }] });

/** What no longer stands before the load balancer. */
export const WEB_ACL_TECHNIQUES: readonly SharedTechnique[] = [
  {
    name: 'take the web ACL from the load balancer',
    check: 'routing.web-acl',
    detonate: async (scene) => {
      const { wafv2 } = scene.root;
      const ResourceArn = scene.surroundings.cell.loadBalancerArn;
      const { ARN: WebACLArn } = await aclOf(scene);
      await wafv2.send(new DisassociateWebACLCommand({ ResourceArn }));
      return {
        expectedEvidence: 'the load balancer has no web ACL',
        revert: () => wafv2.send(new AssociateWebACLCommand({ ResourceArn, WebACLArn })),
      };
    },
  },
  {
    name: 'put a web ACL without rules before the load balancer',
    check: 'routing.web-acl',
    detonate: async (scene) => {
      const { wafv2 } = scene.root;
      const ResourceArn = scene.surroundings.cell.loadBalancerArn;
      const { ARN: WebACLArn } = await aclOf(scene);
      const named = { Name: 'support', Scope: 'REGIONAL' as const };
      const { Summary } = await wafv2.send(
        new CreateWebACLCommand({ ...named, DefaultAction: { Allow: {} }, VisibilityConfig: visible('support') }),
      );
      await wafv2.send(new AssociateWebACLCommand({ ResourceArn, WebACLArn: Summary?.ARN }));
      const revert = async () => {
        await wafv2.send(new AssociateWebACLCommand({ ResourceArn, WebACLArn }));
        await wafv2.send(new DeleteWebACLCommand({ ...named, Id: Summary?.Id, LockToken: Summary?.LockToken }));
      };
      return { expectedEvidence: `the load balancer has the web ACL ${Summary?.ARN}`, revert };
    },
  },
  loggingTo('a stranger’s bucket', () => 'arn:aws:s3:::aws-waf-logs-stranger'),
  loggingTo(
    'a delivery stream, which leads anywhere',
    ({ region, accountId }) => `arn:aws:firehose:${region}:${accountId}:deliverystream/aws-waf-logs-support`,
  ),
  changed('take the rules out of the web ACL', () => ({ Rules: [] }), 'the web ACL lacks the rule RateOfOneAddress'),
  changed('block every visitor', () => ({ DefaultAction: { Block: {} } }), 'the web ACL’s default action is {"Block"'),
  changed(
    'let one address send a million requests',
    ofRule('RateOfOneAddress', () => ({
      Statement: { RateBasedStatement: { Limit: 1_000_000, AggregateKeyType: 'IP', EvaluationWindowSec: 300 } },
    })),
    'the rule RateOfOneAddress of the web ACL is',
  ),
  changed(
    'count the known bad inputs, and block none',
    ofRule('KnownBadInputsRuleSet', () => ({ OverrideAction: { Count: {} } })),
    'the rule KnownBadInputsRuleSet of the web ACL is {"Name"',
  ),
  changed(
    'block every page by a rule beside the others',
    blocking({
      ByteMatchStatement: {
        ...{ SearchString: new TextEncoder().encode('/'), PositionalConstraint: 'STARTS_WITH' },
        ...{ FieldToMatch: { UriPath: {} }, TextTransformations: [{ Priority: 0, Type: 'NONE' }] },
      },
    }),
    '"ByteMatchStatement":{"FieldToMatch":{"UriPath":{}}',
  ),
  changed(
    'block who asks ten times in five minutes',
    blocking({ RateBasedStatement: { Limit: 10, AggregateKeyType: 'IP' } }),
    '"Limit":10',
  ),
  changed(
    'let one country pass by all rules',
    ({ Rules = [] }) => ({ Rules: [...Rules, lettingPass] }),
    'the web ACL has the rule {"Action":{"Allow":{}}',
  ),
  changed(
    'send some visitors to a stranger’s page',
    ({ Rules = [] }) => ({
      Rules: [
        ...Rules,
        {
          ...lettingPass,
          Action: {
            Block: {
              CustomResponse: {
                ResponseCode: 302,
                ResponseHeaders: [{ Name: 'Location', Value: 'https://stranger.example' }],
              },
            },
          },
        },
      ],
    }),
    'https://stranger.example',
  ),
];
