import type { Action, Rule, RuleCondition } from '@aws-sdk/client-elastic-load-balancing-v2';
import { type Colour, ColourSchema } from '../../contract/cell';
import { TENANT_TAG } from '../../contract/naming';
import { settled } from '../../shared/settled';
import {
  type Check,
  checksOf,
  expectEach,
  expectEqual,
  expectExactly,
  expectNoOther,
  type Finding,
  finding,
  type Sources,
  Unanswered,
} from '../check';
import { expressionMatches } from '../expression';
import { ROUTING_METADATA } from '../metadata/routing';
import { BROWSERS, FORM_HEADERS, VISITED } from '../ordinary-visits';
import { covers } from '../policy-document';
import { bucketOf, type Subject, tenantIdOf } from '../subject';

const hostsOf = ({ Conditions = [] }: Rule) =>
  Conditions.filter(({ Field }) => Field === 'host-header').flatMap(
    ({ HostHeaderConfig, Values }) => HostHeaderConfig?.Values ?? Values ?? [],
  );

/** "HostHeaderConditionConfig": a condition has patterns, or regular expressions. */
const hostExpressionsOf = ({ Conditions = [] }: Rule) =>
  Conditions.flatMap(({ HostHeaderConfig }) => HostHeaderConfig?.RegexValues ?? []);

/**
 * Whether a request for the host can match the rule: the rule names the host, also by a pattern, or
 * names no host.
 */
function canMatch(rule: Rule, host: string): boolean {
  const [hosts, expressions] = [hostsOf(rule), hostExpressionsOf(rule)];
  const namesNone = hosts.length + expressions.length === 0;
  const isNamed =
    hosts.some((pattern) => covers(pattern, host)) ||
    // One that only Elastic Load Balancing understands may match.
    expressions.some((each) => expressionMatches(each, host, 'i') !== false);
  return rule.IsDefault !== true && (namesNone || isNamed);
}

const isEverything = (pattern: string) => /^\/?[*?]+$/.test(pattern);
/** The widest blocks of addresses that are some visitors' and not everybody's. */
const SOME_ADDRESSES = { 4: 16, 6: 32 };
/** Methods that no page and no form needs. */
const ODD_METHODS = /^(?:TRACE|TRACK|CONNECT|OPTIONS|PUT|DELETE|PATCH)$/;

/** Whether a condition meets few requests: some paths, some addresses, some clients, some methods. */
function isNarrow({ Field, Values = [], ...configs }: RuleCondition): boolean {
  const all = (values: readonly string[] = [], isFew: (value: string) => boolean) =>
    values.length > 0 && values.every(isFew);
  switch (Field) {
    case 'path-pattern':
      return all(
        configs.PathPatternConfig?.Values ?? Values,
        (path) => !isEverything(path) && !VISITED.some((each) => covers(path, each)),
      );
    case 'source-ip':
      return all(configs.SourceIpConfig?.Values, (block) => {
        const [address = '', length = '0'] = block.split('/');
        return Number(length) >= SOME_ADDRESSES[address.includes(':') ? 6 : 4];
      });
    case 'http-header': {
      const { HttpHeaderName = '', Values: values } = configs.HttpHeaderConfig ?? {};
      const usual = [...BROWSERS, FORM_HEADERS].flatMap((headers) => headers[HttpHeaderName.toLowerCase()] ?? []);
      return all(values, (value) => !usual.some((each) => covers(value, each)));
    }
    case 'http-request-method':
      return all(configs.HttpRequestMethodConfig?.Values, (method) => ODD_METHODS.test(method));
    default:
      return false;
  }
}

/** An action that answers 4xx or 5xx without a page: it leads nobody elsewhere. */
function refuses({ Type, FixedResponseConfig }: Action): boolean {
  const { StatusCode = '', ContentType = 'text/plain' } = FixedResponseConfig ?? {};
  return Type === 'fixed-response' && /^[45]/.test(StatusCode) && ContentType === 'text/plain';
}

/** A rule that only refuses requests: its one action does. */
const onlyRefuses = ({ Actions = [], Transforms = [] }: Rule) =>
  Actions.length === 1 && Actions.every(refuses) && Transforms.length === 0;

/** Whether a rule names no host, and meets few requests for all of them. An outage is not meant for some alone. */
const isForFew = ({ Conditions = [], Actions = [] }: Rule) =>
  Conditions.every(({ Field }) => Field !== 'host-header') &&
  Conditions.some(isNarrow) &&
  Actions.every(({ FixedResponseConfig }) => FixedResponseConfig?.StatusCode?.startsWith('4'));

/**
 * A check about the tenant's rule. It cannot be answered when the listener has no such rule: a new
 * rule may not be shown yet.
 */
const ofRule =
  (look: (rule: Rule, subject: Subject, sources: Sources) => Finding | Promise<Finding>): Check['run'] =>
  async (subject, sources) => {
    const { ruleArn } = subject.route;
    const rule = (await sources.facts.routing.rules()).find(({ RuleArn }) => RuleArn === ruleArn);
    if (!rule) throw new Unanswered(`the listener of the cell has no rule ${ruleArn}`, 'rule');
    return await look(rule, subject, sources);
  };

const targetsOf = ({ TargetGroupArn, ForwardConfig }: Action) => [
  ...new Set([TargetGroupArn, ...(ForwardConfig?.TargetGroups ?? []).map((group) => group.TargetGroupArn)]),
];

/**
 * Before activation an action of the rule must answer 503, afterwards it must forward to the shared
 * service. A rule that forwards to the colour that is not live is no violation: a release moves
 * tenants that way.
 */
function violationsOf(action: Action, { routed, cell, liveColour }: Subject): string[] {
  if (!routed) {
    return [
      ...expectEqual('the rule’s action', action.Type, 'fixed-response'),
      ...expectEqual('the status code', action.FixedResponseConfig?.StatusCode, '503'),
    ];
  }
  const shared: readonly (string | undefined)[] = Object.values(cell.targetGroupArns);
  const expected = liveColour && `the cell’s live colour is ${liveColour}: ${cell.targetGroupArns[liveColour]}`;
  const strangers = targetsOf(action).filter((arn) => arn !== undefined && !shared.includes(arn));
  return [
    ...(refuses(action) ? [] : expectEqual('the rule’s action', action.Type, 'forward')),
    ...strangers.map((arn) => `the rule forwards to ${arn}, which is no target group of the cell; ${expected}`),
  ];
}

/** What an action of a tenant in service falls short of, and leads nobody elsewhere. */
const shortfallsOf = (action: Action, { routed }: Subject): string[] => [
  ...(routed && refuses(action)
    ? [
        `the rule’s action is fixed-response, not forward: it answers all with ${action.FixedResponseConfig?.StatusCode}`,
      ]
    : []),
  // "Sticky sessions": visitors would stay where they are when a release moves or returns the tenant.
  ...(action.ForwardConfig?.TargetGroupStickinessConfig?.Enabled
    ? ['the rule keeps visitors at the target group that has answered them first']
    : []),
];

/** The colours that the actions forward to. */
function coloursReached(actions: readonly Action[], { cell }: Subject): Colour[] {
  const targets = actions.flatMap(targetsOf);
  return ColourSchema.options.filter((colour) => targets.includes(cell.targetGroupArns[colour]));
}

const addressOf = ({ host, port }: { readonly host: string; readonly port: number }) => `${host}:${port}`;

export const ROUTING_CHECKS: readonly Check[] = checksOf(ROUTING_METADATA, {
  'routing.host': ofRule((rule, subject) => {
    const conditions = (rule.Conditions ?? []).map(({ Field }) => Field);
    return finding(
      [
        ...expectExactly('host', hostsOf(rule), [subject.tenant.host]),
        ...expectEach('condition', conditions, ['host-header']),
        ...hostExpressionsOf(rule).map((text) => `the rule matches hosts like ${text}`),
        ...(rule.Transforms ?? []).map(({ Type }) => `the rule has the transform ${Type}`),
      ],
      `the rule’s only condition is the host ${subject.tenant.host}`,
      // All conditions must be met: one more keeps some visitors out.
      expectNoOther('condition', conditions, ['host-header']),
    );
  }),
  'routing.priority': ofRule(({ Priority }, subject) => {
    const { priority } = subject.tenant.slot;
    return finding(
      expectEqual('the rule’s priority', Priority, String(priority)),
      `the rule’s priority is ${priority}`,
    );
  }),
  'routing.tag': async (subject, { facts }) =>
    finding(
      expectEqual(`the rule’s tag ${TENANT_TAG}`, (await facts.routing.tags())[TENANT_TAG], tenantIdOf(subject)),
      `tagged with ${tenantIdOf(subject)}`,
    ),
  'routing.target': ofRule(({ Actions = [] }, subject) =>
    finding(
      [
        ...expectEqual('the number of the rule’s actions', Actions.length, 1),
        ...Actions.flatMap((action) => violationsOf(action, subject)),
      ],
      subject.routed
        ? // Both colours show an auditor which tenants a release has moved.
          `the rule forwards to the shared service only: ${coloursReached(Actions, subject).join(' and ')}, ${subject.liveColour} is live`
        : 'the rule answers 503',
      Actions.flatMap((action) => shortfallsOf(action, subject)),
    ),
  ),
  'routing.healthy-targets': ofRule(async ({ Actions = [] }, subject, { facts }) => {
    const { routed, liveColour } = subject;
    const reached = routed ? coloursReached(Actions, subject) : [];
    const states = await settled(reached.map((colour) => facts.routing[`${colour}Targets`]()));
    const empty = reached.filter((_, index) => !states[index]?.includes('healthy'));
    const found = finding(
      empty.map((colour) => `the rule forwards to ${colour}, which has no healthy target; ${liveColour} is live`),
      routed ? `${reached.join(' and ')} has a healthy target` : 'the rule forwards to no target',
    );
    // Where the live colour itself is down, the whole cell is: that says nothing about this tenant.
    const isOutage = empty.length > 0 && empty.every((colour) => colour === liveColour);
    return isOutage ? { ...found, unanswered: true } : found;
  }),
  'routing.only-rule': async ({ tenant, route }, { facts }) => {
    const rules = await facts.routing.rules();
    const others = rules.filter((rule) => rule.RuleArn !== route.ruleArn && canMatch(rule, tenant.host));
    const inWords = ({ RuleArn, Priority }: Rule) => `rule ${RuleArn} with priority ${Priority} matches the host too`;
    const refusing = others.filter(onlyRefuses);
    return finding(
      others.filter((rule) => !refusing.includes(rule)).map(inWords),
      'no other rule serves the host',
      refusing.filter((rule) => !isForFew(rule)).map((rule) => `${inWords(rule)}, and refuses its visitors`),
    );
  },
  'routing.item': async (subject, { facts }) => {
    const { tenant, stacks, key, routed } = subject;
    const item = await facts.routeItem.item();
    if (!item) return finding([], '', [`the table has no item of the host ${tenant.host}`]);
    const { EndpointAddress, EndpointPort, ReplicaAddress, ReplicaPort } = stacks.database.outputs;
    return finding(
      [
        ...expectEqual('the item’s host', item.host, tenant.host),
        ...expectEqual('the item’s tenant', item.tenantId, tenantIdOf(subject)),
        ...expectEqual('the item’s role', item.roleArn, stacks.access.outputs.RoleArn),
        ...expectEqual('the item’s external id', item.externalId, tenant.externalId),
        ...expectEqual('the item’s bucket', item.bucketName, bucketOf(subject)),
        ...expectEqual('the item’s key', item.keyArn, key.keyArn),
        // Routes of earlier releases name no database.
        ...(item.database ? expectEqual('the item’s database', item.database.host, EndpointAddress) : []),
        ...(item.database ? expectEqual('the item’s port', item.database.port, Number(EndpointPort)) : []),
        ...(item.database?.replica
          ? expectEqual('the item’s replica', addressOf(item.database.replica), `${ReplicaAddress}:${ReplicaPort}`)
          : []),
      ],
      `the item of ${tenant.host} names this tenant’s own resources`,
      routed === (item.status === 'ACTIVE') ? [] : [`the item’s status is ${item.status}`],
    );
  },
  'routing.default': async (_, { facts }) => {
    const actions = (await facts.routing.listener())?.DefaultActions ?? [];
    return finding(
      [
        ...expectEqual('the number of default actions', actions.length, 1),
        ...expectEqual('the listener’s action', actions[0]?.Type, 'fixed-response'),
        ...expectEqual('the status code', actions[0]?.FixedResponseConfig?.StatusCode, '404'),
      ],
      'the listener answers 404',
    );
  },
});
