import type { CheckMetadata } from '../check';

export const ROUTING_METADATA = [
  {
    id: 'routing.host',
    title: 'The rule matches exactly this host',
    question: 'Is the tenant’s host the only condition of its rule, without a pattern and without transforms?',
    severity: 'critical',
    controls: { 'SOC 2': ['CC6.6'] },
    remediation: 'Set the rule’s conditions back to the tenant’s host, and remove its transforms.',
  },
  {
    id: 'routing.priority',
    title: 'The rule has its slot’s priority',
    question: 'Does the rule have the priority of the tenant’s slot?',
    severity: 'medium',
    controls: { 'SOC 2': ['CC6.6'] },
    remediation: 'Set the rule’s priority back to the slot’s.',
  },
  {
    id: 'routing.tag',
    title: 'The rule carries its tenant’s tag',
    question: 'Does the rule carry this tenant’s tag, by which a rollback finds it?',
    severity: 'medium',
    controls: { 'SOC 2': ['CC6.1'] },
    remediation: 'Set the rule’s tag back to the tenant’s id.',
  },
  {
    id: 'routing.target',
    title: 'The rule forwards to the shared service, or answers 503',
    question: 'Does the rule answer 503 before activation, and forward only to target groups of the cell afterwards?',
    severity: 'critical',
    controls: { 'SOC 2': ['CC6.6'] },
    remediation: 'Suspend the tenant, which sets the rule to 503, and resume it when the check passes.',
  },
  {
    id: 'routing.healthy-targets',
    title: 'The rule forwards only to a colour that answers',
    question: 'Has each colour of the cell that the tenant’s rule forwards to a healthy target?',
    severity: 'medium',
    controls: { 'SOC 2': ['A1.1'] },
    remediation:
      'Let the rule forward to the live colour of the cell, or start the tasks of the colour that the evidence names.',
  },
  {
    id: 'routing.only-rule',
    title: 'No other rule matches this host',
    question: 'Is the tenant’s rule the only rule of the listener that a request for its host can match?',
    severity: 'critical',
    controls: { 'SOC 2': ['CC6.6'] },
    remediation: 'Delete the listener rule that the evidence names.',
  },
  {
    id: 'routing.default',
    title: 'Requests for unknown hosts get 404',
    question: 'Does the listener’s default action answer 404?',
    severity: 'high',
    controls: { 'SOC 2': ['CC6.6'] },
    remediation: 'Set the listener’s default action back to a fixed 404 response.',
  },
  {
    id: 'routing.item',
    title: 'The host’s item names this tenant’s own resources',
    question:
      'Does the item that the shared service reads for the host name this tenant’s role, bucket, key and database?',
    severity: 'critical',
    controls: { 'SOC 2': ['CC6.1', 'CC6.6'] },
    remediation: 'Set the item of the host back to the tenant’s record and stacks, and find out who has written it.',
  },
] as const satisfies readonly CheckMetadata[];
