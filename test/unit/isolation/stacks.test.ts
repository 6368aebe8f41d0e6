import type { StackKind } from '../../../functions/contract/stacks';
import { STACKS_CHECKS } from '../../../functions/isolation/checks/stacks';
import { ask, type Breach, testBreaches } from '../../support/breaches';
import type { FactData } from '../../support/isolated-tenant';

/** A parameter of a stack, to spoil. */
function parameter({ stacks }: FactData, kind: StackKind, name: string): { ParameterValue?: string | undefined } {
  const found = stacks.all[kind]?.Parameters?.find(({ ParameterKey }) => ParameterKey === name);
  if (!found) throw new Error(`the ${kind} stack has no parameter ${name}`);
  return found;
}

testBreaches(STACKS_CHECKS, [
  ['stacks.status', 'gone', ({ facts }) => delete facts.stacks.all.access, 'the access stack does not exist'],
  [
    'stacks.status',
    'half updated',
    ({ facts }) => (facts.stacks.all.network.StackStatus = 'UPDATE_ROLLBACK_FAILED'),
    'the network stack is UPDATE_ROLLBACK_FAILED',
  ],
  [
    'stacks.protection',
    'off',
    ({ facts }) => (facts.stacks.all.database.EnableTerminationProtection = false),
    'termination protection of the database stack is false',
  ],
  [
    'stacks.template',
    'changed',
    ({ facts }) => (facts.stacks.templates.storage += ' '),
    'the storage stack has another template than version',
  ],
  ...[
    'arn:aws:sqs:eu-central-1:1:support',
    'arn:aws:ec2:eu-central-1:1:volume/vol-1',
    'arn:aws:dynamodb:eu-central-1:1:table/copy',
    'arn:aws:lambda:eu-central-1:1:function:support',
    'arn:aws:cloudformation:eu-central-1:1:stack/support/1',
    'arn:aws:a-service-of-tomorrow:eu-central-1:1:thing/1',
  ].map(
    (arn): Breach => [
      'stacks.members',
      `with ${arn}`,
      ({ facts }) => facts.tagged.arns.push(arn),
      `${arn} has the tenant’s tag`,
    ],
  ),
  [
    'stacks.members',
    'with a recovery point, and no AWS Backup of the organization',
    ({ subject }) => (subject.placed = { ...subject.placed, keyUsers: [] }),
    'arn:aws:backup:r:1:recovery-point:1 has the tenant’s tag',
  ],
  [
    'stacks.parameters',
    'with fewer days of backups',
    ({ facts }) => (parameter(facts, 'database', 'BackupRetentionDays').ParameterValue = '1'),
    'parameter BackupRetentionDays of the database stack is 1, not 35',
  ],
  [
    'stacks.parameters',
    'by another role',
    ({ facts }) => (facts.stacks.all.access.RoleARN = 'arn:aws:iam::1:role/admin'),
    'the role of the access stack is arn:aws:iam::1:role/admin',
  ],
  [
    'stacks.parameters',
    'told to a stranger',
    ({ facts }) => (facts.stacks.all.database.NotificationARNs = ['arn:aws:sns:r:9:theirs']),
    'events of the database stack go to arn:aws:sns:r:9:theirs',
  ],
  [
    'stacks.parameters',
    'with one more trusted role',
    ({ facts }) => (parameter(facts, 'access', 'TrustedRoleArns').ParameterValue += ',arn:aws:iam::999999999999:root'),
    'parameter TrustedRoleArns of the access stack is',
  ],
]);

const checkNamed = (id: string) => {
  const found = STACKS_CHECKS.find((check) => check.id === id);
  if (!found) throw new Error(`no check ${id}`);
  return found;
};

test('a stack from before a function was added may name fewer trusted roles', async () => {
  const { passed } = await ask(checkNamed('stacks.parameters'), ({ facts }) => {
    const trusted = parameter(facts, 'access', 'TrustedRoleArns');
    trusted.ParameterValue = trusted.ParameterValue?.split(',').slice(0, 2).join(',');
  });
  expect(passed).toBe(true);
});

test('the stacks of a tenant that is not in service yet need no termination protection', async () => {
  const { passed } = await ask(checkNamed('stacks.protection'), ({ facts, subject }) => {
    for (const stack of Object.values<{ EnableTerminationProtection: boolean }>(facts.stacks.all))
      stack.EnableTerminationProtection = false;
    delete subject.liveColour;
  });
  expect(passed).toBe(true);
});

test.each<[string, boolean, boolean]>([
  ['UPDATE_IN_PROGRESS', true, true],
  ['UPDATE_IN_PROGRESS', false, false],
  ['UPDATE_ROLLBACK_IN_PROGRESS', true, true],
  ['UPDATE_ROLLBACK_IN_PROGRESS', false, false],
  ['UPDATE_COMPLETE_CLEANUP_IN_PROGRESS', true, true],
  ['IMPORT_COMPLETE', true, true],
  ['UPDATE_FAILED', true, false],
  ['DELETE_IN_PROGRESS', true, false],
])('a stack that is %s, of a tenant in service (%p), is fine: %p', async (status, isInService, expected) => {
  const { passed } = await ask(checkNamed('stacks.status'), ({ facts, subject }) => {
    facts.stacks.all.database.StackStatus = status;
    if (!isInService) delete subject.liveColour;
  });
  expect(passed).toBe(expected);
});

test('what AWS makes of a network, or what only watches and groups, may have the tenant’s tag', async () => {
  const further = [
    ...['network-acl/acl-0', 'network-interface/eni-0', 'security-group-rule/sgr-0', 'dhcp-options/dopt-0'].map(
      (name) => `arn:aws:ec2:eu-central-1:1:${name}`,
    ),
    'arn:aws:resource-groups:eu-central-1:1:group/acme',
    'arn:aws:route53:::healthcheck/1',
    'arn:aws:servicecatalog:eu-central-1:1:/applications/1',
  ];
  expect(await ask(checkNamed('stacks.members'), ({ facts }) => facts.tagged.arns.push(...further))).toMatchObject({
    passed: true,
  });
});
