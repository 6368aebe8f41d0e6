import type { CheckMetadata } from '../check';

export const VPC_NAMES_METADATA = [
  {
    id: 'network.dns',
    title: 'The VPC asks AWS’s own name server',
    question:
      'Do the DHCP options of the tenant’s VPC name no other name server than AmazonProvidedDNS, and is no private hosted zone associated with it?',
    severity: 'medium',
    controls: { 'SOC 2': ['CC6.6'] },
    remediation:
      'Associate the default DHCP options with the tenant’s VPC and take the private zone from it, or list what the evidence names in `nameServices` of the stage.',
  },
  {
    id: 'network.resolver',
    title: 'Nobody else answers or hears the VPC’s questions for names',
    question: 'Is no Resolver rule, query log or DNS Firewall of others associated with the tenant’s VPC?',
    severity: 'medium',
    controls: { 'SOC 2': ['CC6.6'] },
    remediation:
      'Take away from the tenant’s VPC the rule, log or rule group that the evidence names, or list its id in `nameServices` of the stage.',
  },
] as const satisfies readonly CheckMetadata[];
