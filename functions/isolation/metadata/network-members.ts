import type { CheckMetadata } from '../check';

export const NETWORK_MEMBERS_METADATA = [
  {
    id: 'network.acls',
    title: 'No network ACL stands between cell and database',
    question: 'Do the network ACLs of the VPC let all traffic between cell and database pass?',
    severity: 'medium',
    controls: { 'SOC 2': ['A1.2'] },
    remediation:
      'Take the rule out of the network ACL that the evidence names, or give its subnets back to the default one.',
  },
  {
    id: 'network.groups',
    title: 'The VPC has no further security group',
    question: 'Are the database’s and the unchanged default security group the only ones of the VPC?',
    severity: 'medium',
    controls: { FSBP: ['EC2.2'], 'SOC 2': ['CC6.6'] },
    remediation: 'Find out who made the security group that the evidence names, and delete it.',
  },
  {
    id: 'network.tags',
    title: 'The network carries its tenant’s tag',
    question:
      'Do VPC, subnets, security group, route table, peering and endpoint carry this tenant’s tag, by which rights of the platform are bound?',
    severity: 'medium',
    controls: { 'SOC 2': ['CC6.1'] },
    remediation: 'Set the tag of the resource that the evidence names back to the tenant’s id.',
  },
] as const satisfies readonly CheckMetadata[];
