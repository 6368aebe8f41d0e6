import type { CheckMetadata } from '../check';

export const CELL_METADATA = [
  {
    id: 'cell.instances',
    title: 'No instance runs in the cell’s network',
    question: 'Is the cell’s VPC free of EC2 instances, from which every tenant’s database could be reached?',
    severity: 'high',
    controls: { 'SOC 2': ['CC6.6'] },
    remediation: 'Find out who started the instance that the evidence names, and terminate it.',
  },
  {
    id: 'cell.interfaces',
    title: 'Nothing else is in the cell’s network',
    question:
      'Is each network interface in the cell’s VPC one of the service’s tasks, the load balancer or the stack, with the stack’s security groups at the load balancer and no public address elsewhere?',
    severity: 'high',
    controls: { 'SOC 2': ['CC6.6'] },
    remediation: 'Find out who made the network interface that the evidence names, and delete what uses it.',
  },
  {
    id: 'cell.groups',
    title: 'The cell’s security groups are those of its stack',
    question: 'Are the security groups of the cell’s VPC exactly those of the cell’s stack, with exactly its rules?',
    severity: 'high',
    controls: { FSBP: ['EC2.19'], 'SOC 2': ['CC6.6'] },
    remediation: 'Remove the rule or the group that the evidence names; the cell’s stack has the others.',
  },
  {
    id: 'cell.routes',
    title: 'The cell’s routes are those of its stack',
    question:
      'Do each route and subnet of the cell’s network lead where the cell’s stack says, or over a tenant’s peering?',
    severity: 'high',
    controls: { 'SOC 2': ['CC6.6'] },
    remediation: 'Delete the route that the evidence names, or set it back to that of the cell’s stack.',
  },
  {
    id: 'cell.dns',
    title: 'The cell asks AWS’s own name server',
    question:
      'Do the DHCP options of the cell’s VPC name AmazonProvidedDNS only, and has it no private zone, Resolver rule, query log or DNS Firewall of others?',
    severity: 'high',
    controls: { 'SOC 2': ['CC6.6'] },
    remediation:
      'Associate the default DHCP options with the cell’s VPC, and take away from it the zone, rule, log or rule group that the evidence names, or list its id in `nameServices` of the stage.',
  },
  {
    id: 'cell.network',
    title: 'The cell’s network leads to tenants only',
    question:
      'Does each peering of the cell’s VPC lead to a tenant’s block in this account, and is no other endpoint there?',
    severity: 'high',
    controls: { 'SOC 2': ['CC6.6'] },
    remediation: 'Delete the peering or the endpoint that the evidence names, after its owner is known.',
  },
  {
    id: 'cell.flow-logs',
    title: 'All traffic of the cell is logged',
    question:
      'Does an active flow log send all traffic of the cell’s VPC to the log group of its stack, and none to a stranger?',
    severity: 'medium',
    controls: { FSBP: ['EC2.6'], 'CIS AWS Foundations': ['3.7'] },
    remediation:
      'Delete the flow log that the evidence names, list its bucket in `flowLogs` of the stage, or create that of the cell’s stack again.',
  },
  {
    id: 'cell.acls',
    title: 'No network ACL stands between the cell and its tenants',
    question: 'Do the network ACLs of the cell’s subnets let all traffic with the cell and its tenants pass?',
    severity: 'medium',
    controls: { FSBP: ['EC2.21'], 'SOC 2': ['A1.2'] },
    remediation: 'Delete the rule that the evidence names, or give the subnet the default network ACL again.',
  },
  {
    id: 'cell.access-logs',
    title: 'Only this account reads the logs',
    question:
      'Does the policy of the cell’s log bucket let no principal outside this account read, and does no policy or export give the log groups of cell and platform away?',
    severity: 'high',
    controls: { FSBP: ['S3.6'], 'SOC 2': ['CC6.1'] },
    remediation:
      'Set the bucket’s policy back to that of the cell’s stack; delete the policy of CloudWatch Logs, or what was exported.',
  },
] as const satisfies readonly CheckMetadata[];
