import fc from 'fast-check';
import { SlotSchema } from '../../../functions/contract/tenant';
import { nextBlock, slotAt } from '../../../functions/reservation/slots';
import { aCell } from '../../support/builders';

const addresses = (cidr: string) => {
  const [address = '', prefix] = cidr.split('/');
  const first = address.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0);
  return { first, last: first + 2 ** (32 - Number(prefix)) - 1 };
};

test('two slots of a cell share no priority and no address, and lie in the tenants’ range', () => {
  const cell = aCell();
  const range = addresses(cell.tenantRange);
  const slot = fc.nat({ max: 1023 });
  fc.assert(
    fc.property(slot, slot, (one, other) => {
      fc.pre(one < other);
      const [low, high] = [slotAt(cell, one), slotAt(cell, other)];
      expect(low.priority).not.toBe(high.priority);
      expect(addresses(low.cidr).last).toBeLessThan(addresses(high.cidr).first);
      expect(addresses(high.cidr).last).toBeLessThanOrEqual(range.last);
      expect(SlotSchema.parse(low)).toEqual(low);
    }),
  );
});

test('the number of a slot decides its priority and its block', () => {
  const cell = aCell({ tenantRange: '10.64.0.0/14', firstPriority: 1000 });
  expect(slotAt(cell, 0)).toEqual({ cell: 'cell1', number: 0, priority: 1000, cidr: '10.64.0.0/24' });
  expect(slotAt(cell, 257)).toEqual({ cell: 'cell1', number: 257, priority: 1257, cidr: '10.65.1.0/24' });
});

test('a range written with an address inside it means the whole block', () => {
  expect(slotAt(aCell({ tenantRange: '10.64.3.7/16' }), 1).cidr).toBe('10.64.1.0/24');
});

test('a range that is too small for its capacity is a configuration error', () => {
  expect(() => slotAt(aCell({ tenantRange: '10.64.0.0/20' }), 16)).toThrow(
    expect.objectContaining({ name: 'ConfigurationInvalid' }),
  );
});

test('blocks follow each other without a gap, up to the capacity', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), (capacity) => {
      const handedOut: number[] = [];
      for (let block = nextBlock(0, capacity); block.length > 0; block = nextBlock(handedOut.length, capacity))
        handedOut.push(...block);
      expect(handedOut).toEqual(Array.from({ length: capacity }, (_, number) => number));
    }),
  );
});
