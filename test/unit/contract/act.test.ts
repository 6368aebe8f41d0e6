import { ActSchema } from '../../../functions/contract/act';

const tenant = 't0123456789abcde';
const refusals = (act: unknown) => {
  const issues = ActSchema.safeParse(act).error?.issues ?? [];
  // The alternatives of a target have their issues inside.
  return issues.flatMap((issue) => ('errors' in issue ? issue.errors.flat() : [issue])).map(({ message }) => message);
};

it.each<[string, object]>([
  ['no reason', { kind: 'abandon', tenant }],
  ['a reason that is a number', { kind: 'suspend', tenant, reason: 5 }],
  ['a reason of blanks', { kind: 'suspend', tenant, reason: ' \t' }],
  ['an empty tenant', { kind: 'verify', tenant: '' }],
  ['a tenant that is a number', { kind: 'verify', tenant: 7 }],
  ['a tenant of 301 characters', { kind: 'verify', tenant: 'a'.repeat(301) }],
  ['an empty time', { kind: 'restore', tenant, to: '', reason: 'lost rows' }],
  ['a time of 65 characters', { kind: 'restore', tenant, to: '2'.repeat(65), reason: 'lost rows' }],
  ['an empty digest', { kind: 'release', cell: 'c1', digest: '' }],
  ['a release id of 101 characters', { kind: 'release', cell: 'c1', digest: 'sha256:a', releaseId: 'a'.repeat(101) }],
  ['an empty cell', { kind: 'steer-release', cell: '', intent: 'go' }],
  ['an empty file', { kind: 'migrate', cell: 'c1', to: '' }],
  ['an empty execution', { kind: 'redrive', target: { executionArn: '' } }],
])('an act with %s is refused in words that say what was expected', (_, act) => {
  const told = refusals(act);
  expect(told.length).toBeGreaterThan(0);
  expect(told.filter((message) => !message.startsWith('expected '))).toEqual([]);
});
