import type { CheckMetadata } from '../check';

export const STORAGE_SETTINGS_METADATA = [
  {
    id: 'storage.lifecycle',
    title: 'Objects expire as the release says',
    question:
      'Do the bucket’s lifecycle rules delete exactly what those of the tenant’s release delete, and is nothing archived or locked?',
    severity: 'high',
    controls: { FSBP: ['S3.13'], 'SOC 2': ['A1.2'] },
    remediation:
      'Restore the bucket’s lifecycle rules from the tenant’s storage stack, take its default lock away, and look for deleted versions.',
  },
  {
    id: 'storage.cors',
    title: 'No origin’s scripts read the bucket',
    question: 'Is the bucket without CORS rules, so that no page of another origin uses its objects?',
    severity: 'medium',
    controls: { 'SOC 2': ['CC6.6'] },
    remediation: 'Delete the bucket’s CORS configuration.',
  },
  {
    id: 'storage.notifications',
    title: 'Nobody is notified of the bucket’s objects',
    question: 'Does the bucket notify no topic, queue, function or event bus of its objects?',
    severity: 'medium',
    controls: { 'SOC 2': ['CC6.7'] },
    remediation: 'Remove the destination that the evidence names from the bucket’s notifications.',
  },
  {
    id: 'storage.reports',
    title: 'No report lists the bucket’s objects',
    question: 'Has the bucket no inventory and no analysis that S3 writes into another bucket?',
    severity: 'high',
    controls: { 'SOC 2': ['CC6.7'] },
    remediation: 'Delete the inventory or the analysis that the evidence names, and what is in its bucket.',
  },
  {
    id: 'storage.website',
    title: 'The bucket is no website',
    question: 'Is the bucket without a website configuration?',
    severity: 'medium',
    controls: { 'SOC 2': ['CC6.6'] },
    remediation: 'Delete the bucket’s website configuration.',
  },
  {
    id: 'storage.only-one',
    title: 'The tenant has one bucket',
    question: 'Has no other bucket the tenant’s name or tag?',
    severity: 'high',
    controls: { 'SOC 2': ['CC6.7'] },
    remediation: 'Find out who made the bucket that the evidence names and what is in it, and delete it.',
  },
] as const satisfies readonly CheckMetadata[];
