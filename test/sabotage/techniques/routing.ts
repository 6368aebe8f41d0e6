import {
  type Action,
  AddTagsCommand,
  CreateRuleCommand,
  CreateTargetGroupCommand,
  DeleteRuleCommand,
  DeleteTargetGroupCommand,
  DescribeListenersCommand,
  DescribeRulesCommand,
  type ElasticLoadBalancingV2Client,
  ModifyListenerCommand,
  ModifyRuleCommand,
  RemoveTagsCommand,
  type RuleCondition,
  SetRulePrioritiesCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { TENANT_TAG } from '../../../functions/contract/naming';
import { type Subject, tenantIdOf } from '../../../functions/isolation/subject';
import { type AttackTechnique, inTurn, type Revert, type Scene, tenantTags } from '../technique';
import type { RoutedSubject } from '../verified-tenant';

const hosts = (...Values: string[]): RuleCondition => ({ Field: 'host-header', HostHeaderConfig: { Values } });
const path = (...Values: string[]): RuleCondition => ({ Field: 'path-pattern', PathPatternConfig: { Values } });

const header = (HttpHeaderName: string, ...Values: string[]): RuleCondition => ({
  Field: 'http-header',
  HttpHeaderConfig: { HttpHeaderName, Values },
});
const REFUSAL: Action = {
  Type: 'fixed-response',
  FixedResponseConfig: { StatusCode: '403', ContentType: 'text/plain' },
};

/** Gives the tenant's rule other conditions, or another action. */
export async function ruleWith(
  { subject, root: { elb } }: Scene,
  change: { Conditions?: RuleCondition[]; Actions?: Action[] },
) {
  const { ruleArn: RuleArn } = subject.route;
  const { Rules } = await elb.send(new DescribeRulesCommand({ RuleArns: [RuleArn] }));
  await elb.send(new ModifyRuleCommand({ RuleArn, ...change }));
  const { Actions } = Rules?.[0] ?? {};
  return () => elb.send(new ModifyRuleCommand({ RuleArn, Conditions: [hosts(subject.tenant.host)], Actions }));
}

/** A rule of the cell's listener that is no tenant's. */
export async function furtherRule({ subject, root: { elb } }: Scene, Conditions: RuleCondition[], action?: Action) {
  const { listenerArn, targetGroupArns } = subject.cell;
  const Actions = [action ?? { Type: 'forward', TargetGroupArn: targetGroupArns[subject.liveColour] }];
  const { Rules: taken = [] } = await elb.send(new DescribeRulesCommand({ ListenerArn: listenerArn }));
  let priority = 7;
  while (taken.some((rule) => rule.Priority === String(priority))) priority += 1;
  const { Rules } = await elb.send(
    new CreateRuleCommand({ ListenerArn: listenerArn, Priority: priority, Conditions, Actions }),
  );
  const RuleArn = Rules?.[0]?.RuleArn;
  return { RuleArn, priority, revert: () => elb.send(new DeleteRuleCommand({ RuleArn })) };
}

const secondRule = (
  name: string,
  conditions: (subject: Subject) => RuleCondition[],
  action?: Action,
): AttackTechnique => ({
  name,
  check: 'routing.only-rule',
  detonate: async (scene) => {
    const { RuleArn, priority, revert } = await furtherRule(scene, conditions(scene.subject), action);
    return { expectedEvidence: `rule ${RuleArn} with priority ${priority} matches the host too`, revert };
  },
});

async function strangeTargets(elb: ElasticLoadBalancingV2Client, { cell }: Subject) {
  const { TargetGroups } = await elb.send(
    new CreateTargetGroupCommand({ Name: 'strange', Protocol: 'HTTP', Port: 80, VpcId: cell.vpcId, TargetType: 'ip' }),
  );
  const TargetGroupArn = TargetGroups?.[0]?.TargetGroupArn ?? '';
  const remove: Revert = () => elb.send(new DeleteTargetGroupCommand({ TargetGroupArn }));
  return { TargetGroupArn, remove };
}

const forwarding = (name: string, actionTo: (arn: string, subject: RoutedSubject) => Action): AttackTechnique => ({
  name,
  check: 'routing.target',
  detonate: async (scene) => {
    const { TargetGroupArn, remove } = await strangeTargets(scene.root.elb, scene.subject);
    const revert = await inTurn(
      async () => remove,
      () => ruleWith(scene, { Actions: [actionTo(TargetGroupArn, scene.subject)] }),
    );
    return { expectedEvidence: `the rule forwards to ${TargetGroupArn}`, revert };
  },
});

const conditionedRule = (
  name: string,
  conditions: (subject: Subject) => RuleCondition[],
  expectedEvidence: string,
): AttackTechnique => ({
  name,
  check: 'routing.host',
  detonate: async (scene) => ({
    expectedEvidence,
    revert: await ruleWith(scene, { Conditions: conditions(scene.subject) }),
  }),
});

const listenerAnswering = (
  name: string,
  action: (subject: RoutedSubject) => Action,
  expectedEvidence: string,
): AttackTechnique => ({
  name,
  check: 'routing.default',
  detonate: async ({ subject, root: { elb } }) => {
    const ListenerArn = subject.cell.listenerArn;
    const { Listeners } = await elb.send(new DescribeListenersCommand({ ListenerArns: [ListenerArn] }));
    const answering = (DefaultActions: Action[] | undefined) =>
      elb.send(new ModifyListenerCommand({ ListenerArn, DefaultActions }));
    await answering([action(subject)]);
    return { expectedEvidence, revert: () => answering(Listeners?.[0]?.DefaultActions) };
  },
});

export const ROUTING_TECHNIQUES: readonly AttackTechnique[] = [
  conditionedRule(
    'let the rule match every host below the tenant’s too',
    ({ tenant }) => [hosts(tenant.host, `*.${tenant.host}`)],
    'host *.',
  ),
  conditionedRule(
    'let the rule match another company’s host too',
    ({ tenant }) => [hosts(tenant.host, 'other.example')],
    'host other.example is unexpected',
  ),
  conditionedRule(
    'let the rule match some paths alone',
    ({ tenant }) => [hosts(tenant.host), path('/public/*')],
    'condition path-pattern is unexpected',
  ),
  {
    name: 'move the rule behind all others',
    check: 'routing.priority',
    detonate: async ({ subject, root: { elb } }) => {
      const { ruleArn: RuleArn } = subject.route;
      const moved = (Priority: number) =>
        elb.send(new SetRulePrioritiesCommand({ RulePriorities: [{ RuleArn, Priority }] }));
      await moved(49_999);
      return { expectedEvidence: 'the rule’s priority is 49999', revert: () => moved(subject.tenant.slot.priority) };
    },
  },
  {
    name: 'tag the rule as another tenant’s',
    check: 'routing.tag',
    detonate: async ({ subject, root: { elb } }) => {
      const tag = (Value: string) =>
        elb.send(new AddTagsCommand({ ResourceArns: [subject.route.ruleArn], Tags: tenantTags(Value) }));
      const { tenantId } = subject.cell.decoy;
      await tag(tenantId);
      return { expectedEvidence: `tag ${TENANT_TAG} is ${tenantId}`, revert: () => tag(tenantIdOf(subject)) };
    },
  },
  {
    name: 'remove the rule’s tag',
    check: 'routing.tag',
    detonate: async ({ subject, root: { elb } }) => {
      const ResourceArns = [subject.route.ruleArn];
      await elb.send(new RemoveTagsCommand({ ResourceArns, TagKeys: [TENANT_TAG] }));
      const Tags = tenantTags(tenantIdOf(subject));
      return {
        expectedEvidence: `tag ${TENANT_TAG} is absent`,
        revert: () => elb.send(new AddTagsCommand({ ResourceArns, Tags })),
      };
    },
  },
  forwarding('forward the tenant’s requests to strange targets', (TargetGroupArn) => ({
    Type: 'forward',
    TargetGroupArn,
  })),
  forwarding('forward some of the tenant’s requests to strange targets', (TargetGroupArn, { cell, liveColour }) => ({
    Type: 'forward',
    ForwardConfig: {
      TargetGroups: [
        { TargetGroupArn: cell.targetGroupArns[liveColour], Weight: 99 },
        { TargetGroupArn, Weight: 1 },
      ],
    },
  })),
  {
    name: 'lead the tenant’s visitors to the colour where nothing runs',
    check: 'routing.healthy-targets',
    detonate: async (scene) => {
      const { cell, liveColour } = scene.subject;
      const idle = liveColour === 'blue' ? 'green' : 'blue';
      const revert = await ruleWith(scene, {
        Actions: [{ Type: 'forward', TargetGroupArn: cell.targetGroupArns[idle] }],
      });
      return { expectedEvidence: `the rule forwards to ${idle}, which has no healthy target`, revert };
    },
  },
  {
    name: 'send the tenant’s visitors elsewhere',
    check: 'routing.target',
    detonate: async (scene) => {
      const RedirectConfig = { Host: 'phishing.example', StatusCode: 'HTTP_302' as const };
      const revert = await ruleWith(scene, { Actions: [{ Type: 'redirect', RedirectConfig }] });
      return { expectedEvidence: 'the rule’s action is redirect', revert };
    },
  },
  {
    name: 'keep the tenant’s visitors at the colour that has answered them first',
    check: 'routing.target',
    detonate: async (scene) => {
      const { cell, liveColour } = scene.subject;
      const TargetGroupStickinessConfig = { Enabled: true, DurationSeconds: 604_800 };
      const TargetGroups = [{ TargetGroupArn: cell.targetGroupArns[liveColour] }];
      const ForwardConfig = { TargetGroups, TargetGroupStickinessConfig };
      const revert = await ruleWith(scene, { Actions: [{ Type: 'forward', ForwardConfig }] });
      return { expectedEvidence: 'the rule keeps visitors at the target group', revert };
    },
  },
  secondRule('let a second rule take the tenant’s host first', ({ tenant }) => [hosts(tenant.host)]),
  secondRule('let a pattern take the tenant’s host first', ({ tenant }) => [
    hosts(`*${tenant.host.slice(tenant.subdomain.length)}`),
  ]),
  secondRule('let a rule take a path of every host first', () => [path('/admin/*')]),
  secondRule('refuse every lead, for all hosts', () => [path('/lead*')], REFUSAL),
  secondRule('refuse every Mac, for all hosts', () => [header('User-Agent', '*Macintosh*')], REFUSAL),
  secondRule('refuse every browser, for all hosts', () => [header('User-Agent', '*Mozilla*')], REFUSAL),
  listenerAnswering(
    'forward unknown hosts to the shared service',
    ({ cell, liveColour }) => ({ Type: 'forward', TargetGroupArn: cell.targetGroupArns[liveColour] }),
    'the listener’s action is forward',
  ),
  listenerAnswering(
    'answer unknown hosts with 200',
    () => ({ Type: 'fixed-response', FixedResponseConfig: { StatusCode: '200', ContentType: 'text/plain' } }),
    'the status code is 200',
  ),
];
