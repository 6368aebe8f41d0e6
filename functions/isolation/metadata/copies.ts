import type { CheckMetadata } from '../check';

export const COPIES_METADATA = [
  {
    id: 'database.proxies',
    title: 'No proxy stands before the database',
    question: 'Is no RDS proxy in the tenant’s VPC, and does none use the tenant’s secret?',
    severity: 'high',
    controls: { 'SOC 2': ['CC6.6'] },
    remediation: 'Find out who made the proxy that the evidence names, and delete it.',
  },
  {
    id: 'database.exports',
    title: 'No export writes the database into a bucket',
    question: 'Has no export task of RDS the tenant’s database, snapshot or key?',
    severity: 'critical',
    controls: { 'SOC 2': ['CC6.1', 'CC6.7'] },
    remediation: 'Cancel the export that the evidence names, and delete what it has written into its bucket.',
  },
  {
    id: 'database.integrations',
    title: 'No integration replicates the database',
    question: 'Has no zero-ETL integration the tenant’s database as its source, or the tenant’s key?',
    severity: 'critical',
    controls: { 'SOC 2': ['CC6.1', 'CC6.7'] },
    remediation: 'Delete the integration that the evidence names, and what it has written to its target.',
  },
  {
    id: 'database.event-subscriptions',
    title: 'Nobody else is told of the database’s events',
    question: 'Does no event subscription of RDS that is about the tenant’s database tell a topic of another account?',
    severity: 'medium',
    controls: { 'SOC 2': ['CC6.7'] },
    remediation:
      'Delete the event subscription that the evidence names, or list its topic in `eventTopics` of the stage.',
  },
  {
    id: 'logs.exports',
    title: 'No export writes the tenant’s logs into a bucket',
    question: 'Has no export task of CloudWatch Logs one of the tenant’s log groups?',
    severity: 'high',
    controls: { 'SOC 2': ['CC6.1', 'CC6.7'] },
    remediation: 'Cancel the export that the evidence names, and delete what it has written into its bucket.',
  },
  {
    id: 'secrets.only-one',
    title: 'The tenant has one secret',
    question: 'Has no other secret the tenant’s id in its name, description or tags?',
    severity: 'high',
    controls: { 'SOC 2': ['CC6.1'] },
    remediation: 'Delete the secret that the evidence names, and rotate the master password if the secret has it.',
  },
  {
    id: 'secrets.target',
    title: 'The secret leads to the tenant’s own database, as its master user',
    question:
      'Does the secret name the tenant’s own database as the server to which its password is sent, and the master user?',
    severity: 'high',
    controls: { 'SOC 2': ['CC6.1'] },
    remediation: 'Write the tenant’s own endpoint and master user into the secret, and rotate the master password.',
  },
  {
    id: 'key.only-one',
    title: 'The tenant has one usable key',
    question: 'Is the tenant’s key the only enabled key with the tenant’s tag?',
    severity: 'high',
    controls: { 'SOC 2': ['CC6.1'] },
    remediation: 'Disable the key that the evidence names, and find out what is encrypted under it.',
  },
] as const satisfies readonly CheckMetadata[];
