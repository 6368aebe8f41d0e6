import type { CheckMetadata } from '../check';

export const STACKS_METADATA = [
  {
    id: 'stacks.status',
    title: 'The tenant’s four stacks are complete',
    question: 'Is each of the tenant’s four stacks complete, neither failed nor being changed or deleted?',
    severity: 'medium',
    controls: { 'SOC 2': ['CC8.1'] },
    remediation: 'Read the stack’s events, and finish or roll back the change that the evidence names.',
  },
  {
    id: 'stacks.protection',
    title: 'The stacks are protected from deletion',
    question: 'Is termination protection on for each stack of a tenant in service?',
    severity: 'high',
    controls: { 'SOC 2': ['A1.2'] },
    remediation: 'Turn termination protection of the stack that the evidence names on again.',
  },
  {
    id: 'stacks.template',
    title: 'The stacks have the templates of their release',
    question: 'Has each stack the template that the tenant’s release published, by its digest?',
    severity: 'high',
    controls: { 'SOC 2': ['CC8.1'] },
    remediation: 'Find out who updated the stack or the published template, and restore the release’s template.',
  },
  {
    id: 'stacks.parameters',
    title: 'The stacks have the tenant’s parameters',
    question:
      'Has each stack the parameters and the role with which the platform launches it for this tenant and plan, and is nobody notified of it?',
    severity: 'medium',
    controls: { 'SOC 2': ['CC8.1'] },
    remediation:
      'Find out who updated the stack, and set back the parameter, the role or the topic that the evidence names.',
  },
  {
    id: 'stacks.members',
    title: 'Nothing else has the tenant’s tag',
    question:
      'Are the resources with the tenant’s tag its four stacks and of kinds that these make, or copies that another check judges?',
    severity: 'medium',
    controls: { 'SOC 2': ['CC6.1', 'CC8.1'] },
    remediation:
      'Find out who made the resource that the evidence names, and what of the tenant is in it; then delete it.',
  },
] as const satisfies readonly CheckMetadata[];
