import { IPv4 } from 'ipaddr.js';

/**
 * @throws Error for whatever is not an IPv4 block, IPv6 included: a block that cannot be compared
 * must not pass for free
 */
function parse(cidr: string): [IPv4, number] {
  if (!IPv4.isValidCIDRFourPartDecimal(cidr))
    throw new Error(`${cidr} is not an IPv4 block, and only IPv4 blocks are compared`);
  return IPv4.parseCIDR(cidr);
}

/** Whether two IPv4 blocks have an address in common. Then one contains the other. */
export function overlaps(one: string, other: string): boolean {
  const [[first, length], [second, otherLength]] = [parse(one), parse(other)];
  return first.match(second, Math.min(length, otherLength));
}

/**
 * Patterns that match each block of a VPC that overlaps this /24: a block inside it, or one of the
 * few larger blocks around it. "VPC CIDR blocks" (Amazon VPC User Guide): a VPC's block has a
 * prefix of 16 to 28.
 */
export function patternsMeeting(cidr: string): string[] {
  const [address, length] = parse(cidr);
  if (length !== 24) throw new Error(`a slot's block is a /24, not ${cidr}`);
  const networkOf = (prefix: number) => IPv4.networkAddressFromCIDR(`${address}/${prefix}`).toString();
  const around = [16, 17, 18, 19, 20, 21, 22, 23].map((prefix) => `${networkOf(prefix)}/${prefix}`);
  return [`${networkOf(24).split('.').slice(0, 3).join('.')}.*`, ...around];
}
