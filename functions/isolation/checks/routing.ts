import type { Action, Rule } from '@aws-sdk/client-elastic-load-balancing-v2';
import { ColourSchema } from '../../contract/cell';
import { TENANT_TAG } from '../../contract/naming';
import { type Check, expectEqual, expectExactly, finding, type Sources } from '../check';
import { covers } from '../policy-document';
import { type Subject, tenantIdOf } from '../subject';

const hostsOf = ({ Conditions = [] }: Rule) =>
  Conditions.filter(({ Field }) => Field === 'host-header').flatMap(
    ({ HostHeaderConfig, Values }) => HostHeaderConfig?.Values ?? Values ?? [],
  );

/** Whether some request for the host can meet the rule: it names the host, by a pattern too, or names no host at all. */
function concerns(rule: Rule, host: string): boolean {
  const hosts = hostsOf(rule);
  return rule.IsDefault !== true && (hosts.length === 0 || hosts.some((pattern) => covers(pattern, host)));
}

/** @throws Error when the tenant's rule is gone: whatever was asked of it has no answer, so the check fails */
async function ownRule({ route }: Subject, { facts }: Sources): Promise<Rule> {
  const rule = (await facts.routing.rules()).find(({ RuleArn }) => RuleArn === route.ruleArn);
  if (!rule) throw new Error(`the listener of the cell has no rule ${route.ruleArn}`);
  return rule;
}

const targetsOf = ({ TargetGroupArn, ForwardConfig }: Action) => [
  ...new Set([TargetGroupArn, ...(ForwardConfig?.TargetGroups ?? []).map((group) => group.TargetGroupArn)]),
];

/**
 * What is wrong with an action of the rule: before activation it must answer 503, after that forward to the shared service.
 * Both colours are the cell's own. A rule that leads to the one that is not live is no breach: a release moves tenants by it.
 */
function violationsOf(action: Action, { routed, cell, liveColour }: Subject): string[] {
  if (!routed) {
    return [
      ...expectEqual('what the rule does', action.Type, 'fixed-response'),
      ...expectEqual('its status', action.FixedResponseConfig?.StatusCode, '503'),
    ];
  }
  const shared: readonly (string | undefined)[] = Object.values(cell.targetGroupArns);
  const expected = `its live colour is ${liveColour}: ${cell.targetGroupArns[liveColour]}`;
  const strangers = targetsOf(action).filter((arn) => arn !== undefined && !shared.includes(arn));
  return [
    ...expectEqual('what the rule does', action.Type, 'forward'),
    ...strangers.map((arn) => `it forwards to ${arn}, which is no target group of the cell; ${expected}`),
  ];
}

/** The colours that the actions lead to, beside the live one: an auditor sees which tenants a release has moved. */
function coloursOf(actions: readonly Action[], { cell, liveColour }: Subject): string {
  const targets = actions.flatMap(targetsOf);
  const reached = ColourSchema.options.filter((colour) => targets.includes(cell.targetGroupArns[colour]));
  return `${reached.join(' and ')}, ${liveColour} is live`;
}

export const ROUTING_CHECKS: readonly Check[] = [
  {
    id: 'routing.host',
    title: 'The rule matches exactly this host',
    question: 'Is the tenant’s host the one and only condition of its rule, without a pattern and without rewriting?',
    severity: 'critical',
    control: 'SOC 2 CC6.6',
    run: async (subject, sources) => {
      const rule = await ownRule(subject, sources);
      const conditions = (rule.Conditions ?? []).map(({ Field }) => Field);
      return finding(
        [
          ...expectExactly('host', hostsOf(rule), [subject.tenant.host]),
          ...expectExactly('condition', conditions, ['host-header']),
          ...(rule.Transforms ?? []).map(({ Type }) => `it rewrites requests by ${Type}`),
        ],
        subject.tenant.host,
      );
    },
  },
  {
    id: 'routing.priority',
    title: 'The rule sits in the tenant’s slot',
    question: 'Has the rule the priority that belongs to the tenant’s slot?',
    severity: 'medium',
    control: 'SOC 2 CC6.6',
    run: async (subject, sources) => {
      const { Priority } = await ownRule(subject, sources);
      const { priority } = subject.tenant.slot;
      return finding(expectEqual('its priority', Priority, String(priority)), `priority ${priority}`);
    },
  },
  {
    id: 'routing.tag',
    title: 'The rule is tagged with its tenant',
    question: 'Does the rule carry this tenant’s tag, by which a rollback knows it?',
    severity: 'medium',
    control: 'SOC 2 CC6.1',
    run: async (subject, { facts }) =>
      finding(
        expectEqual(`tag ${TENANT_TAG}`, (await facts.routing.tags())[TENANT_TAG], tenantIdOf(subject)),
        'tagged',
      ),
  },
  {
    id: 'routing.target',
    title: 'The rule leads to the shared service, or to nobody',
    question: 'Does the rule answer 503 before activation, and forward to a target group of the cell afterwards?',
    severity: 'critical',
    control: 'SOC 2 CC6.6',
    run: async (subject, sources) => {
      const { Actions = [] } = await ownRule(subject, sources);
      return finding(
        [
          ...expectEqual('the number of its actions', Actions.length, 1),
          ...Actions.flatMap((action) => violationsOf(action, subject)),
        ],
        subject.routed ? `forwards to the shared service alone: ${coloursOf(Actions, subject)}` : 'answers 503',
      );
    },
  },
  {
    id: 'routing.only-rule',
    title: 'No other rule takes this host’s requests',
    question: 'Is the tenant’s rule the only one of the listener that a request for its host can meet?',
    severity: 'critical',
    control: 'SOC 2 CC6.6',
    run: async ({ tenant, route }, { facts }) => {
      const rules = await facts.routing.rules();
      const others = rules.filter((rule) => rule.RuleArn !== route.ruleArn && concerns(rule, tenant.host));
      return finding(
        others.map(({ RuleArn, Priority }) => `rule ${RuleArn} of priority ${Priority} takes them too`),
        'no other rule matches the host',
      );
    },
  },
  {
    id: 'routing.default',
    title: 'An unknown host is nobody’s',
    question: 'Does the listener itself answer 404 where no rule names the host?',
    severity: 'high',
    control: 'SOC 2 CC6.6',
    run: async (_, { facts }) => {
      const actions = (await facts.routing.listener())?.DefaultActions ?? [];
      return finding(
        [
          ...expectEqual('the number of default actions', actions.length, 1),
          ...expectEqual('what the listener does', actions[0]?.Type, 'fixed-response'),
          ...expectEqual('its status', actions[0]?.FixedResponseConfig?.StatusCode, '404'),
        ],
        'answers 404',
      );
    },
  },
];
