/** An IPv4 block as its first address, a number, and the length of its prefix. */
interface Block {
  readonly first: number;
  readonly length: number;
}

const sizeOf = (length: number) => 2 ** (32 - length);

function parse(cidr: string): Block {
  const [address = '', length = '32'] = cidr.split('/');
  const number = address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
  const size = sizeOf(Number(length));
  return { first: Math.floor(number / size) * size, length: Number(length) };
}

const format = ({ first, length }: Block) =>
  `${[24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256).join('.')}/${length}`;

/** Whether two blocks have an address in common: then one lies in the other. */
export function overlaps(one: string, other: string): boolean {
  const [a, b] = [parse(one), parse(other)];
  const length = Math.min(a.length, b.length);
  return Math.floor(a.first / sizeOf(length)) === Math.floor(b.first / sizeOf(length));
}

/**
 * Patterns that match each block of a VPC that meets this /24: it lies inside, or it is one of the few larger blocks
 * around it. "VPC CIDR blocks" (Amazon VPC User Guide): a VPC's block has a prefix of 16 to 28.
 */
export function patternsMeeting(cidr: string): string[] {
  const { first, length } = parse(cidr);
  if (length !== 24) throw new Error(`a slot's block is a /24, not ${cidr}`);
  const around = [16, 17, 18, 19, 20, 21, 22, 23].map((wider) => {
    const size = sizeOf(wider);
    return format({ first: Math.floor(first / size) * size, length: wider });
  });
  return [`${format({ first, length }).split('.').slice(0, 3).join('.')}.*`, ...around];
}
