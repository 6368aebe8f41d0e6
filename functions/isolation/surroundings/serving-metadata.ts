import type { CheckMetadata } from '../check';

export const SERVING_METADATA = [
  {
    id: 'routing.listeners',
    title: 'The load balancer’s listeners are those of the cell’s stack',
    question:
      'Has the load balancer exactly the listeners of the cell’s stack, with their ports, protocols and default actions, and do they accept TLS 1.2 and newer only?',
    severity: 'high',
    controls: { FSBP: ['ELB.17'], 'SOC 2': ['CC6.7'] },
    remediation: 'Delete the other listener or rule, or set the listener back to what the cell’s stack says.',
  },
  {
    id: 'routing.load-balancer',
    title: 'The load balancer keeps its own logs and drops odd headers',
    question:
      'Does the load balancer log to the cell’s bucket, drop invalid header fields and mitigate request smuggling?',
    severity: 'high',
    controls: { FSBP: ['ELB.4', 'ELB.5', 'ELB.12'], 'SOC 2': ['CC6.6', 'CC7.2'] },
    remediation: 'Set the load balancer’s attributes back to those of the cell’s stack.',
  },
  {
    id: 'routing.web-acl',
    title: 'The web ACL is that of the cell’s stack',
    question:
      'Has the load balancer the web ACL of the cell’s stack with its rules, or none where the stage has none, and does it send its log to nobody else?',
    severity: 'medium',
    controls: { FSBP: ['ELB.16', 'WAF.10'], 'SOC 2': ['CC6.6'] },
    remediation:
      'Associate the cell’s web ACL with its load balancer, set its rules back by deploying the cell, and delete a foreign logging configuration.',
  },
  {
    id: 'routing.listener-attributes',
    title: 'The listener adds no header of its own',
    question: 'Has the listener the attributes of the cell’s stack, and no header for scripts of other origins?',
    severity: 'medium',
    controls: { 'SOC 2': ['CC6.6'] },
    remediation: 'Set the listener’s attributes back to those of the cell’s stack.',
  },
  {
    id: 'routing.group-attributes',
    title: 'Visitors stay with no single task',
    question: 'Have both target groups the attributes of the cell’s stack, without stickiness?',
    severity: 'medium',
    controls: { 'SOC 2': ['A1.1'] },
    remediation: 'Set the attributes of the target group that the evidence names back to those of the cell’s stack.',
  },
  {
    id: 'routing.targets',
    title: 'Only the shared service’s tasks get requests',
    question: 'Is each target of both target groups a task of the cell’s two services?',
    severity: 'critical',
    controls: { 'SOC 2': ['CC6.6', 'CC6.7'] },
    remediation: 'Deregister the target that the evidence names, and find out what it has received.',
  },
  {
    id: 'cell.service',
    title: 'The shared service runs as the release made it',
    question:
      'Have both services the template’s roles, network and containers, no ECS Exec and no other task beside them?',
    severity: 'high',
    controls: { 'SOC 2': ['CC6.1'] },
    remediation: 'Deploy the cell’s stack and release the version again; stop the task that the evidence names.',
  },
  {
    id: 'cell.descriptor',
    title: 'The cell’s descriptor names the cell’s own resources',
    question: 'Does the parameter that describes the cell say what the cell’s stack makes?',
    severity: 'critical',
    controls: { 'SOC 2': ['CC6.6', 'CC8.1'] },
    remediation: 'Deploy the cell’s stack, which writes the descriptor, and audit the tenants of the cell again.',
  },
] as const satisfies readonly CheckMetadata[];
