import { tenantNames } from '../../../functions/contract/naming';
import { CATALOGUE } from '../../../functions/isolation/catalogue';
import { verify } from '../../../functions/isolation/verify';
import { ask, type Scene } from '../../support/breaches';
import { aCell, aTenant } from '../../support/builders';
import { FakeProbes } from '../../support/fake-probes';
import { aSubject, factsFrom, healthyFacts, RULE_ARN } from '../../support/isolated-tenant';

const { host, tenantId } = aTenant();
const checkCalled = (id: string) => {
  const check = CATALOGUE.find((each) => each.id === id);
  if (!check) throw new Error(`no check ${id}`);
  return check;
};

const fixed = (StatusCode: string, ContentType = 'text/plain') => ({
  Type: 'fixed-response',
  FixedResponseConfig: { StatusCode, ContentType },
});
const own = ({ facts }: Scene) => facts.routing.rules.find((rule: { RuleArn: string }) => rule.RuleArn === RULE_ARN);
const acting = (scene: Scene, action: object) => Object.assign(own(scene), { Actions: [action] });
const forwarding = (more: object = {}) => ({
  Type: 'forward',
  ForwardConfig: { TargetGroups: [{ TargetGroupArn: aCell().targetGroupArns.blue }], ...more },
});
const forAll = (scene: Scene, action: object) =>
  void scene.facts.routing.rules.push({ RuleArn: 'arn:all', Priority: '2', Conditions: [], Actions: [action] });
const roles = ({ probes }: Scene): string[] => {
  const { roles: lines } = probes.door.answers.facts;
  if (!Array.isArray(lines)) throw new Error('the roles were not read');
  return lines;
};
const application = `${tenantNames.databaseUser(tenantId)} LOGIN`;
const replaced = (lines: string[], line: string, by: readonly string[]) =>
  void lines.splice(lines.indexOf(line), 1, ...by);

/** What keeps visitors, the cell or the application out, and what beside it lets somebody in. */
const SHORTFALLS: readonly [
  check: string,
  what: string,
  short: (scene: Scene) => void,
  breach: (scene: Scene) => void,
][] = [
  [
    'routing.target',
    'the tenant’s rule refuses everybody',
    (scene) => acting(scene, fixed('503')),
    (scene) => acting(scene, fixed('503', 'text/html')),
  ],
  [
    'routing.target',
    'visitors stay at a colour',
    (scene) => acting(scene, forwarding({ TargetGroupStickinessConfig: { Enabled: true } })),
    (scene) => acting(scene, { Type: 'redirect' }),
  ],
  [
    'routing.only-rule',
    'a rule refuses everybody',
    (scene) => forAll(scene, fixed('503')),
    (scene) => forAll(scene, fixed('200')),
  ],
  [
    'routing.host',
    'the rule serves some visitors alone',
    (scene) => void own(scene).Conditions.push({ Field: 'source-ip' }),
    (scene) => void own(scene).Conditions.push({ Field: 'host-header', Values: ['other.example'] }),
  ],
  [
    'routing.item',
    'the tenant has no route item',
    ({ facts }) => (facts.routeItem.item = undefined),
    ({ facts }) => (facts.routeItem.item = { ...facts.routeItem.item, tenantId: 'tother' }),
  ],
  [
    'probes.host',
    'no rule serves the host',
    ({ probes }) => {
      Object.assign(probes.answers, { [host]: 404 });
      Object.assign(probes.bodies, { [host]: 'answer 404' });
    },
    ({ probes, subject }) => {
      subject.routed = false;
      Object.assign(probes.answers, { [host]: 200 });
    },
  ],
  [
    'network.peering',
    'the peering is gone',
    ({ facts }) => void facts.network.peerings.shift(),
    ({ facts }) =>
      void facts.network.peerings.push({ VpcPeeringConnectionId: 'pcx-0other', Status: { Code: 'active' } }),
  ],
  [
    'network.routes',
    'no route leads to the cell, and no subnet has a table',
    ({ facts }) => {
      const [table] = facts.network.routeTables;
      table.Associations = [];
      table.Routes = table.Routes.filter((route: object) => !('VpcPeeringConnectionId' in route));
    },
    ({ facts }) =>
      void facts.network.routeTables[0].Routes.push({ DestinationCidrBlock: '0.0.0.0/0', GatewayId: 'igw-0' }),
  ],
  [
    'network.routes-inward',
    'a table of the cell lacks the route',
    ({ facts }) => void facts.network.routeTablesOverPeering.pop(),
    ({ facts }) => void facts.network.routeTablesOverPeering.push({ RouteTableId: 'rtb-0x', Routes: [] }),
  ],
  [
    'database.door',
    'nobody is let in',
    ({ facts }) => (facts.network.securityGroup.IpPermissions = []),
    ({ facts }) => (facts.network.securityGroup.IpPermissions[0].IpRanges[0].CidrIp = '0.0.0.0/0'),
  ],
  [
    'database.replica',
    'the plan on the record promises one more',
    ({ facts }) => (facts.database.replica = undefined),
    ({ facts }) => (facts.database.replica.PubliclyAccessible = true),
  ],
  [
    'database.logins',
    'the application is gone',
    (scene) => replaced(roles(scene), application, []),
    (scene) => replaced(roles(scene), application, ['stranger LOGIN']),
  ],
  [
    'storage.encryption',
    'KMS is asked about each object',
    ({ facts }) => (facts.storage.encryption[0].BucketKeyEnabled = false),
    ({ facts }) => (facts.storage.encryption[0].ApplyServerSideEncryptionByDefault = { SSEAlgorithm: 'AES256' }),
  ],
];

describe('who is kept out is told, and is no reason to suspend a tenant', () => {
  test.each(SHORTFALLS)('%s: %s', async (id, _, short, breach) => {
    const check = checkCalled(id);
    expect(check.severity).toBe('critical');
    const served = (scene: Scene) => acting(scene, forwarding());
    const seen = (...spoils: ((scene: Scene) => void)[]) =>
      ask(check, (scene) => [served, ...spoils].forEach((spoil) => void spoil(scene)), { routed: true });
    expect(await seen(short)).toMatchObject({ passed: false, severity: 'medium' });
    const found = await seen(breach);
    expect(found).toMatchObject({ passed: false });
    expect(found).not.toHaveProperty('severity');
  });

  test('a report has the lesser severity', async () => {
    const subject = aSubject();
    const facts = healthyFacts();
    Object.assign(facts.network.securityGroup ?? {}, { IpPermissions: [] });
    const sources = { facts: factsFrom(facts), probes: new FakeProbes(subject) };
    const { checks } = await verify(subject, sources, () => new Date(), [checkCalled('database.door')]);
    expect(checks).toMatchObject([{ id: 'database.door', passed: false, severity: 'medium' }]);
  });
});

test('what needs one more mistake suspends nobody', () => {
  const severities = ['identity.logins', 'identity.tag', 'secrets.only-one'].map((id) => checkCalled(id).severity);
  expect(severities).toEqual(['high', 'high', 'high']);
});
