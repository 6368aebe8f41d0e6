import { tenantIdOf } from '../../../functions/contract/naming';
import type { TenantRecord } from '../../../functions/contract/records';
import { type Census, differences, slotProblems, unowned, without } from '../../faults/census';
import { type Holding, holding, tenantIn } from '../../faults/holding';
import { aTenantRecord } from '../../support/builders';

const ACME = tenantIdOf('sub_acme');
const GLOBEX = tenantIdOf('sub_globex');

interface Slots {
  readonly free?: readonly string[];
  readonly taken?: Readonly<Record<string, string>>;
  readonly records?: readonly TenantRecord[];
}
const census = (holdings: readonly Holding[], { free = [], taken = {}, records = [] }: Slots = {}): Census => ({
  holdings,
  table: {
    holdings: [],
    records: new Map(records.map((record) => [record.tenantId, record])),
    refusals: new Map(),
    freeSlots: free,
    takenSlots: new Map(Object.entries(taken)),
  },
});

describe('the owner of a resource', () => {
  test.each([
    [`tenant-${ACME}-network`],
    [`/aws/rds/instance/tenant-${ACME}-replica/postgresql`],
    [`arn:aws:iam::000000000000:role/tenants/tenant-${ACME}`],
  ])('is found by the name of %s', (name) => {
    expect(tenantIn(name)).toBe(ACME);
  });

  test('is found by a tag where the name has none, and never inside a longer word', () => {
    expect(holding('ec2 vpc', 'vpc-1', [{ Key: 'tenantId', Value: ACME }])).toMatchObject({ tenantId: ACME });
    expect(holding('s3 bucket', `x${ACME}x`)).not.toHaveProperty('tenantId');
  });
});

test('is not asked about what existed before any onboarding; a new resource without owner is reported', () => {
  const before = census([holding('s3 bucket', 'platform')]);
  const after = census([
    holding('s3 bucket', 'platform'),
    holding('s3 bucket', 'new'),
    holding('stack', `tenant-${ACME}`),
  ]);
  expect(unowned(without(after, before))).toEqual([holding('s3 bucket', 'new')]);
});

test('a census names each unexpected resource, and how many are missing', () => {
  const held = [holding('log group', 'a'), holding('log group', 'b')];
  const expected = new Map([
    ['log group', 1],
    ['secret', 1],
  ]);
  expect(differences(held, expected)).toEqual(['2 log group, expected 1: a, b', '0 secret, expected 1: ']);
  expect(differences(held, new Map([['log group', 2]]))).toEqual([]);
});

describe('the slots of a cell', () => {
  const seat = (number: number) => ({ cell: 'c1', number, priority: 100 + number, cidr: `10.64.${number}.0/24` });
  const acme = (number: number) => aTenantRecord({ tenantId: ACME, slot: seat(number) });

  test('are each free or taken, and the taken ones are on record', () => {
    const whole = { free: ['c1 0', 'c1 2'], taken: { 'c1 1': ACME }, records: [acme(1)] };
    expect(slotProblems(census([], whole))).toEqual([]);
  });

  test.each<[string, Slots, RegExp]>([
    ['lost', { free: ['c1 0', 'c1 2'] }, /slot c1 1 is neither free nor taken/],
    ['both', { free: ['c1 0'], taken: { 'c1 0': ACME }, records: [acme(0)] }, /slot c1 0 is free and taken/],
    ['taken for nobody', { taken: { 'c1 0': GLOBEX } }, /taken by t\w+, whose record does not say so/],
    ['on record alone', { free: ['c1 0'], records: [acme(0)] }, /on the record of t\w+ and not taken/],
  ])('have a problem when one is %s', (_, slots, problem) => {
    expect(slotProblems(census([], slots)).join('\n')).toMatch(problem);
  });
});
