import type { StageConfig } from './config/stages';
import type { Deployment } from './deploy';

/** What a person must do once so that tenants' names resolve. Each deployment prints it. */
export function namesToMake(
  { domain, hostedZone }: Pick<StageConfig, 'domain' | 'hostedZone'>,
  { cells, nameServers }: Pick<Deployment, 'cells' | 'nameServers'>,
): string[] {
  if (hostedZone?.from === 'stack')
    return [
      `Tenants' names are in a hosted zone of this stage. Delegate ${domain} to it in the zone of the domain above:`,
      ...nameServers.map((server) => `  ${domain}  NS  ${server}`),
    ];
  if (hostedZone) return [];
  const [cell] = Object.values(cells);
  return [
    "This stage has no hosted zone: nobody makes records for tenants' names. Make this record by hand:",
    `  *.${domain}  CNAME  ${cell?.loadBalancerDnsName}`,
    'It leads all names to one cell. A second cell needs `hostedZone` in infra/config/stages.ts.',
  ];
}
