import type { CheckMetadata } from '../check';

export const COPIES_OF_ALL_METADATA = [
  {
    id: 'database.backup-plans',
    title: 'No backup plan copies tenants’ data elsewhere',
    question: 'Does every backup plan that selects tenants’ databases or buckets keep them where the stage says?',
    severity: 'critical',
    controls: { 'SOC 2': ['CC6.1', 'CC6.7'] },
    remediation: 'Delete the plan’s selection that the evidence names, and the recovery points in its vaults.',
  },
] as const satisfies readonly CheckMetadata[];
