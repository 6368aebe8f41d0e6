import fc from 'fast-check';
import { overlaps, patternsMeeting } from '../../../functions/isolation/cidr';
import { covers } from '../../../functions/isolation/policy-document';

const address = (number: number) => [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');
const block = (min: number, max: number) =>
  fc
    .record({ first: fc.nat(2 ** 24 - 1), length: fc.integer({ min, max }) })
    // Within 10.0.0.0/8, so that blocks meet now and then.
    .map(({ first, length }) => {
      const size = 2 ** (32 - length);
      return `${address(10 * 2 ** 24 + Math.floor(first / size) * size)}/${length}`;
    });

test.each([
  ['10.64.0.0/24', '10.64.0.0/24', true],
  ['10.64.0.0/24', '10.64.0.128/25', true],
  ['10.64.0.0/16', '10.64.200.0/24', true],
  ['10.64.0.0/24', '10.64.1.0/24', false],
  ['0.0.0.0/0', '192.0.2.1/32', true],
  ['255.255.255.0/24', '0.0.0.0/24', false],
])('%s and %s overlap: %s', (one, other, expected) => {
  expect([overlaps(one, other), overlaps(other, one)]).toEqual([expected, expected]);
});

test('two blocks overlap if and only if their address ranges do', () => {
  const rangeOf = (cidr: string) => {
    const [text = '', length] = cidr.split('/');
    const first = text.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
    return { first, last: first + 2 ** (32 - Number(length)) - 1 };
  };
  fc.assert(
    fc.property(block(8, 32), block(8, 32), (one, other) => {
      const [a, b] = [rangeOf(one), rangeOf(other)];
      expect(overlaps(one, other)).toBe(a.first <= b.last && b.first <= a.last);
    }),
    { numRuns: 2000 },
  );
});

test.each(['fd00::/8', '::ffff:10.64.0.0/120', '10.64.0.0', '10.64.0.0/33', '10.64.0/24', ''])(
  'rejects what is no IPv4 block: "%s"',
  (cidr) => {
    expect(() => overlaps(cidr, '10.64.0.0/24')).toThrow('is not an IPv4 block');
    expect(() => overlaps('10.64.0.0/24', cidr)).toThrow('is not an IPv4 block');
    expect(() => patternsMeeting(cidr)).toThrow('is not an IPv4 block');
  },
);

test('the filter patterns of a slot match the blocks of a VPC that overlap it, and no others', () => {
  fc.assert(
    fc.property(block(24, 24), block(16, 28), (slot, vpc) => {
      const matched = patternsMeeting(slot).some((pattern) => covers(pattern, vpc));
      expect(matched).toBe(overlaps(slot, vpc));
    }),
    { numRuns: 2000 },
  );
});

test('nine patterns suffice for any slot, so one request finds all overlapping blocks', () => {
  expect(patternsMeeting('10.64.3.0/24')).toEqual([
    '10.64.3.*',
    '10.64.0.0/16',
    '10.64.0.0/17',
    '10.64.0.0/18',
    '10.64.0.0/19',
    '10.64.0.0/20',
    '10.64.0.0/21',
    '10.64.0.0/22',
    '10.64.2.0/23',
  ]);
  expect(() => patternsMeeting('10.64.0.0/16')).toThrow('a /24');
});
