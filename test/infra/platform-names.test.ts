import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { requireReachableCells } from '../../infra/config/reachable-cells';
import { STAGES, stages } from '../../infra/config/stages';
import { namesToMake } from '../../infra/names-to-make';
import { resourcesOf, stageTemplates, statementsIn } from '../support/stage-templates';

const ROUTE53 = /^route53:/;

function grantsOf(stage: (typeof STAGES)[number], functionName: string) {
  const roles = resourcesOf(stageTemplates(stage).controlPlane, 'AWS::IAM::Role');
  const [, role] =
    roles.find(([, { Properties }]) => Properties.RoleName === `tenant-onboarding-${functionName}`) ?? [];
  return statementsIn(role?.Properties.Policies).filter(({ Action }) =>
    [Action].flat().some((each) => ROUTE53.test(each)),
  );
}

describe.each(STAGES)('D1: names of tenants in stage %s', (stage) => {
  const { domain, hostedZone } = stages[stage];

  test('are in a hosted zone that the stage makes, or that the account has', () => {
    const zones = resourcesOf(stageTemplates(stage).foundation, 'AWS::Route53::HostedZone');
    expect(zones.map(([, { Properties }]) => Properties.Name)).toEqual(
      hostedZone?.from === 'stack' ? [expect.stringMatching(new RegExp(`^${domain}\\.?$`))] : [],
    );
  });

  test.each([
    ['RegisterTenant', ['CREATE', 'UPSERT', 'DELETE']],
    ['DeregisterTenant', ['DELETE']],
  ])('can be changed by %s below the domain, two record types, in one zone', (functionName, changes) => {
    const change = grantsOf(stage, functionName).find(({ Action }) => Action === 'route53:ChangeResourceRecordSets');
    const key = (name: string) => `route53:ChangeResourceRecordSets${name}`;
    expect(change?.Condition).toEqual({
      Null: { [key('NormalizedRecordNames')]: 'false' },
      'ForAllValues:StringLike': { [key('NormalizedRecordNames')]: [`*.${domain}`] },
      'ForAllValues:StringEquals': { [key('RecordTypes')]: ['A', 'TXT'], [key('Actions')]: changes },
    });
    expect(JSON.stringify(change?.Resource)).toContain(':hostedzone/');
    expect(JSON.stringify(change?.Resource)).not.toContain('*');
  });

  test('cannot be changed by other functions, except to remove orphans', () => {
    const changing = resourcesOf(stageTemplates(stage).controlPlane, 'AWS::IAM::Role')
      .filter(([, { Properties }]) => JSON.stringify(Properties.Policies ?? []).includes('ChangeResourceRecordSets"'))
      .map(([, { Properties }]) => Properties.RoleName.replace('tenant-onboarding-', ''));
    const orphans = stages[stage].orphans === 'remove' ? ['Orphans'] : [];
    expect(changing.sort()).toEqual(['DeregisterTenant', ...orphans, 'RegisterTenant'].sort());
  });
});

test('D1: a stage with several cells and no hosted zone, or with another domain’s zone, is refused', () => {
  const { hostedZone: _, ...withoutZone } = stages.dev;
  requireReachableCells(withoutZone);
  const two = [...stages.dev.cells, ...stages.dev.cells];
  expect(() => requireReachableCells({ ...withoutZone, cells: two })).toThrow('2 cells need a hosted zone');
  requireReachableCells({ ...stages.dev, cells: two });
  const named = (zoneName: string) => ({
    ...stages.dev,
    hostedZone: { from: 'account', zoneId: 'Z', zoneName } as const,
  });
  requireReachableCells(named('example.com'));
  requireReachableCells(named(stages.dev.domain));
  expect(() => requireReachableCells(named('other.example'))).toThrow('cannot hold records of the domain');
  expect(() => requireReachableCells(named('v.example.com'))).toThrow('cannot hold records of the domain');
});

test('D1: the deployment’s output says which DNS records a person must make', () => {
  const cell = {
    loadBalancerDnsName: 'lb.example',
    loadBalancerArn: '',
    listenerArn: '',
    taskRoleArn: '',
    liveTargetGroupArn: '',
  };
  const cells = { c1: cell };
  const { hostedZone: _, ...withoutZone } = stages.dev;
  expect(namesToMake(withoutZone, { cells, nameServers: [] }).join('\n')).toContain(
    `*.${stages.dev.domain}  CNAME  lb.example`,
  );
  const own = namesToMake({ ...stages.dev, hostedZone: { from: 'stack' } }, { cells, nameServers: ['ns-1.example'] });
  expect(own.join('\n')).toContain(`${stages.dev.domain}  NS  ns-1.example`);
  const given = { from: 'account', zoneId: 'Z', zoneName: 'example.com' } as const;
  expect(namesToMake({ ...stages.dev, hostedZone: given }, { cells, nameServers: [] })).toEqual([]);
  expect(readFileSync(join(__dirname, '../../infra/deploy.ts'), 'utf8')).toContain(
    'namesToMake(stages[stage], deployment)',
  );
});
