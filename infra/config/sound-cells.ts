import { IPv4 } from 'ipaddr.js';
import type { CellConfig } from './stages';

const NAME = /^[a-z][a-z0-9]{0,11}$/;
/** A VPC of three zones has as many NAT gateways at most. */
const ZONES = 3;

/** Whether the text is a block that begins at its own network address. */
const isBlock = (cidr: string) =>
  IPv4.isValidCIDRFourPartDecimal(cidr) && IPv4.networkAddressFromCIDR(cidr).toString() === cidr.split('/')[0];

function overlaps(one: string, other: string): boolean {
  const [[first, length], [second, otherLength]] = [IPv4.parseCIDR(one), IPv4.parseCIDR(other)];
  return first.match(second, Math.min(length, otherLength));
}

function firstQuarter(cidr: string): string {
  const [address, prefix] = IPv4.parseCIDR(cidr);
  return `${address}/${prefix + 2}`;
}

function mistakesIn({ name, vpcCidr, appCidr, tenantRange, natGateways, service }: CellConfig): string[] {
  const { min, max } = service.liveTasks;
  const noBlocks = Object.entries({ vpcCidr, appCidr, tenantRange }).flatMap(([field, cidr]) =>
    isBlock(cidr) ? [] : [`${field}: expected an IPv4 block such as 10.0.0.0/16, not ${cidr}`],
  );
  const quarter = noBlocks.length === 0 ? firstQuarter(vpcCidr) : appCidr;
  return [
    ...(NAME.test(name) ? [] : ['name: expected a lower-case letter, and up to 11 lower-case letters and digits']),
    ...noBlocks,
    ...(appCidr === quarter ? [] : [`appCidr: expected ${quarter}, the first quarter of vpcCidr, not ${appCidr}`]),
    ...(noBlocks.length === 0 && overlaps(tenantRange, vpcCidr)
      ? [`tenantRange: ${tenantRange} overlaps vpcCidr ${vpcCidr}, and VPC peering refuses that`]
      : []),
    ...(natGateways <= ZONES ? [] : [`natGateways: expected at most ${ZONES}, one for each zone, not ${natGateways}`]),
    ...(1 <= min && min <= max ? [] : [`service.liveTasks: expected 1 <= min <= max, not ${min} and ${max}`]),
  ];
}

/**
 * A cell that is copied from another one, and changed in part, deploys: what does not fit shows in its first onboarding, or
 * as databases that admit the application subnets of the other cell.
 *
 * @throws Error that names each field of a stage's cells that does not fit the others
 */
export function requireSoundCells({ cells }: { readonly cells: readonly CellConfig[] }): void {
  const names = cells.map(({ name }) => name);
  const twice = names
    .filter((name, index) => names.indexOf(name) !== index)
    .map((name) => `cell ${name} is there twice`);
  const mistakes = cells.flatMap((cell) => mistakesIn(cell).map((mistake) => `cell ${cell.name}: ${mistake}`));
  const found = [...new Set([...twice, ...mistakes])];
  if (found.length > 0) throw new Error(`cells of the stage (infra/config/stages.ts): ${found.join('; ')}`);
}
