import { ROUTING_CHECKS } from '../../../functions/isolation/checks/routing';
import { ask, type Scene, testBreaches } from '../../support/breaches';
import { aCell, aTenant } from '../../support/builders';
import { type FactData, RULE_ARN } from '../../support/isolated-tenant';

const { host } = aTenant();
const ownRule = (facts: FactData) =>
  facts.routing.rules.find((rule) => rule.RuleArn === RULE_ARN) as unknown as Record<string, unknown>;
const asking = (id: string) => {
  const check = ROUTING_CHECKS.find((each) => each.id === id);
  if (!check) throw new Error(`no check ${id}`);
  return (spoil: (scene: Scene) => void, routed = false) => ask(check, spoil, { routed });
};

testBreaches(ROUTING_CHECKS, [
  [
    'routing.host',
    'a pattern',
    ({ facts }) => (ownRule(facts).Conditions = [{ Field: 'host-header', Values: ['*.funnels.example'] }]),
    '*.funnels.example is unexpected',
  ],
  [
    'routing.host',
    'an expression',
    ({ facts }) =>
      (ownRule(facts).Conditions = [
        { Field: 'host-header', HostHeaderConfig: { Values: [host], RegexValues: ['^.+$'] } },
      ]),
    'the rule matches hosts like ^.+$',
  ],
  [
    'routing.only-rule',
    'one by an expression',
    ({ facts }) =>
      facts.routing.rules.push({
        RuleArn: 'arn:expression',
        Priority: '6',
        Conditions: [{ Field: 'host-header', HostHeaderConfig: { RegexValues: ['\\.example$'] } }],
      }),
    'rule arn:expression',
  ],
  [
    'routing.host',
    'rewriting',
    ({ facts }) => (ownRule(facts).Transforms = [{ Type: 'host-header-rewrite' }]),
    'the rule has the transform host-header-rewrite',
  ],
  ['routing.priority', 'moved', ({ facts }) => (ownRule(facts).Priority = '5'), 'the rule’s priority is 5'],
  ['routing.tag', 'untagged', ({ facts }) => (facts.routing.tags = {}), 'is absent'],
  [
    'routing.target',
    'open before its time',
    ({ facts }) => (ownRule(facts).Actions = [{ Type: 'forward', TargetGroupArn: aCell().targetGroupArns.blue }]),
    'the rule’s action is forward',
  ],
  [
    'routing.healthy-targets',
    'nothing runs there',
    ({ facts, subject }) => {
      subject.routed = true;
      ownRule(facts).Actions = [{ Type: 'forward', TargetGroupArn: aCell().targetGroupArns.green }];
    },
    'the rule forwards to green, which has no healthy target; blue is live',
  ],
  [
    'routing.only-rule',
    'a second one for the host',
    ({ facts }) =>
      facts.routing.rules.push({
        RuleArn: 'arn:second',
        Priority: '7',
        Conditions: [{ Field: 'host-header', HostHeaderConfig: { Values: [host.toUpperCase()] } }],
      }),
    'rule arn:second with priority 7',
  ],
  [
    'routing.only-rule',
    'one for all hosts',
    ({ facts }) =>
      facts.routing.rules.push({
        RuleArn: 'arn:wide',
        Priority: '3',
        Conditions: [{ Field: 'host-header', HostHeaderConfig: { Values: ['*.funnels.example'] } }],
      }),
    'rule arn:wide',
  ],
  [
    'routing.only-rule',
    'one by path alone',
    ({ facts }) =>
      facts.routing.rules.push({ RuleArn: 'arn:path', Priority: '4', Conditions: [{ Field: 'path-pattern' }] }),
    'rule arn:path',
  ],
  [
    'routing.item',
    'another tenant’s',
    ({ facts }) => Object.assign(facts.routeItem.item ?? {}, { tenantId: 'tother' }),
    'the item’s tenant is tother',
  ],
  [
    'routing.item',
    'another bucket',
    ({ facts }) => Object.assign(facts.routeItem.item ?? {}, { bucketName: 'theirs' }),
    'the item’s bucket is theirs',
  ],
  [
    'routing.item',
    'another database',
    ({ facts }) => Object.assign(facts.routeItem.item ?? {}, { database: { host: 'theirs', port: 5432 } }),
    'the item’s database is theirs',
  ],
  [
    'routing.item',
    'open before its time',
    ({ facts }) => Object.assign(facts.routeItem.item ?? {}, { status: 'ACTIVE' }),
    'the item’s status is ACTIVE',
  ],
  ['routing.item', 'none', ({ facts }) => (facts.routeItem.item = undefined), 'no item of the host'],
  [
    'routing.default',
    'forwarding',
    ({ facts }) => (facts.routing.listener.DefaultActions[0] = { Type: 'forward' }),
    'the listener’s action is forward',
  ],
]);

test.each(['routing.host', 'routing.priority', 'routing.target'])(
  '%s cannot be answered when the tenant’s rule is gone',
  async (id) => {
    const spoil = ({ facts }: Scene) => {
      facts.routing.rules = [];
    };
    await expect(asking(id)(spoil)).rejects.toThrow(`has no rule ${RULE_ARN}`);
  },
);

describe('a tenant that is routed', () => {
  const forwarding = (arn: string) => (scene: Scene) => {
    ownRule(scene.facts).Actions = [
      { Type: 'forward', TargetGroupArn: arn, ForwardConfig: { TargetGroups: [{ TargetGroupArn: arn }] } },
    ];
  };

  test.each(Object.entries(aCell().targetGroupArns))(
    'may be forwarded to the cell’s %s target group',
    async (_, arn) => {
      expect(await asking('routing.target')(forwarding(arn), true)).toMatchObject({ passed: true });
    },
  );

  test('has evidence that names its colour and the live colour', async () => {
    const green = forwarding(aCell().targetGroupArns.green);
    const { evidence } = await asking('routing.target')(green, true);
    expect(evidence).toBe('the rule forwards to the shared service only: green, blue is live');
  });

  test.each<[string, (scene: Scene) => void, string]>([
    [
      'kept where its visitors are',
      (scene) => {
        const TargetGroupArn = aCell().targetGroupArns.blue;
        const TargetGroupStickinessConfig = { Enabled: true, DurationSeconds: 604_800 };
        const ForwardConfig = { TargetGroups: [{ TargetGroupArn }], TargetGroupStickinessConfig };
        ownRule(scene.facts).Actions = [{ Type: 'forward', TargetGroupArn, ForwardConfig }];
      },
      'the rule keeps visitors',
    ],
    [
      'forwarded elsewhere',
      forwarding('arn:theirs'),
      'arn:theirs, which is no target group of the cell; the cell’s live colour is blue: ',
    ],
    ['still held', () => {}, 'the rule’s action is fixed-response'],
  ])('is in breach when it is %s', async (_, spoil, evidence) => {
    const answer = await asking('routing.target')(spoil, true);
    expect(answer).toMatchObject({ passed: false, evidence: expect.stringContaining(evidence) });
    expect(answer).not.toHaveProperty('unanswered');
  });
});

test('F13: a live colour without a healthy target leaves the check unanswered: one tenant has not drifted', async () => {
  const spoil = ({ facts }: Scene) => {
    ownRule(facts).Actions = [{ Type: 'forward', TargetGroupArn: aCell().targetGroupArns.blue }];
    facts.routing.blueTargets = ['unhealthy'];
  };
  expect(await asking('routing.healthy-targets')(spoil, true)).toMatchObject({ passed: false, unanswered: true });
});

describe('a rule for every host', () => {
  const refusal = { Type: 'fixed-response' as const, FixedResponseConfig: { StatusCode: '403' } };
  const byPath = (value: string) => [{ Field: 'path-pattern', PathPatternConfig: { Values: [value] } }];
  const fromBlock = (value: string) => [{ Field: 'source-ip', SourceIpConfig: { Values: [value] } }];
  const byHeader = (value: string, HttpHeaderName = 'User-Agent') => [
    { Field: 'http-header', HttpHeaderConfig: { HttpHeaderName, Values: [value] } },
  ];
  const byMethod = (value: string) => [{ Field: 'http-request-method', HttpRequestMethodConfig: { Values: [value] } }];
  const page = { ...refusal, FixedResponseConfig: { StatusCode: '403', ContentType: 'text/html' } };
  const forward = { Type: 'forward' as const, TargetGroupArn: 'arn:theirs' };

  test.each<[string, boolean, object]>([
    ['refuses one path', true, { Conditions: byPath('/wp-admin'), Actions: [refusal] }],
    ['refuses an address', true, { Conditions: fromBlock('203.0.113.7/32'), Actions: [refusal] }],
    ['refuses half of the internet', false, { Conditions: fromBlock('128.0.0.0/1'), Actions: [refusal] }],
    ['refuses an agent', true, { Conditions: byHeader('*SemrushBot*'), Actions: [refusal] }],
    ['refuses every browser', false, { Conditions: byHeader('*Mozilla*'), Actions: [refusal] }],
    ['refuses iPhones', false, { Conditions: byHeader('*iPhone*'), Actions: [refusal] }],
    ['refuses Macs', false, { Conditions: byHeader('*Macintosh*'), Actions: [refusal] }],
    ['refuses Firefox', false, { Conditions: byHeader('*Firefox*'), Actions: [refusal] }],
    ['refuses zipped pages', false, { Conditions: byHeader('*gzip*', 'Accept-Encoding'), Actions: [refusal] }],
    ['refuses whoever loads a page', false, { Conditions: byHeader('navigate', 'Sec-Fetch-Mode'), Actions: [refusal] }],
    ['refuses whoever has a cookie', false, { Conditions: byHeader('*=*', 'Cookie'), Actions: [refusal] }],
    ['refuses forms', false, { Conditions: byHeader('*urlencoded*', 'Content-Type'), Actions: [refusal] }],
    ['refuses another kind of form', true, { Conditions: byHeader('*multipart*', 'Content-Type'), Actions: [refusal] }],
    [
      'refuses a header of no browser',
      true,
      { Conditions: byHeader('*', 'X-Middleware-Subrequest'), Actions: [refusal] },
    ],
    ['refuses leads', false, { Conditions: byPath('/lead*'), Actions: [refusal] }],
    ['refuses every agent', false, { Conditions: byHeader('*'), Actions: [refusal] }],
    ['refuses a method of no page', true, { Conditions: byMethod('TRACE'), Actions: [refusal] }],
    ['refuses reading', false, { Conditions: byMethod('GET'), Actions: [refusal] }],
    ['forwards an address', false, { Conditions: fromBlock('203.0.113.7/32'), Actions: [forward] }],
    ['refuses every path', false, { Conditions: byPath('/*'), Actions: [refusal] }],
    ['refuses whatever comes', false, { Conditions: [], Actions: [refusal] }],
    ['shows a page of its own', false, { Conditions: byPath('/wp-admin'), Actions: [page] }],
    ['forwards one path', false, { Conditions: byPath('/wp-admin'), Actions: [forward] }],
    ['asks for a login first', false, { Conditions: byPath('/a'), Actions: [{ Type: 'authenticate-oidc' }, refusal] }],
  ])('which %s passes: %s', async (_, passed, rule) => {
    const spoil = ({ facts }: Scene) => facts.routing.rules.push({ RuleArn: 'arn:wide', Priority: '3', ...rule });
    expect(await asking('routing.only-rule')(spoil, true)).toMatchObject({ passed });
  });
});
