import type { CheckMetadata } from '../check';

export const SECRETS_METADATA = [
  {
    id: 'secrets.identity',
    title: 'The secret is the tenant’s own',
    question: 'Does the secret have this tenant’s name and tag, and is it not scheduled for deletion?',
    severity: 'high',
    controls: { 'SOC 2': ['CC6.1'] },
    remediation: 'Restore the secret if it is scheduled for deletion, and set its tag back to the tenant’s id.',
  },
  {
    id: 'secrets.encryption',
    title: 'The database’s credentials are encrypted under the tenant’s key',
    question: 'Is the secret encrypted under the tenant’s key?',
    severity: 'critical',
    controls: { 'SOC 2': ['CC6.1'] },
    remediation: 'Set the secret’s KMS key back to the tenant’s key, and rotate the password.',
  },
  {
    id: 'secrets.policy',
    title: 'The secret’s resource policy allows nothing',
    question: 'Is the secret without a resource policy that allows any action?',
    severity: 'critical',
    controls: { 'SOC 2': ['CC6.3'] },
    remediation: 'Remove the statement that the evidence names from the secret’s policy, and rotate the password.',
  },
  {
    id: 'secrets.replicas',
    title: 'The secret is in one Region',
    question: 'Is the secret without replicas in other Regions?',
    severity: 'high',
    controls: { 'SOC 2': ['CC6.7'] },
    remediation: 'Remove the replica in the Region that the evidence names.',
  },
  {
    id: 'secrets.rotation-function',
    title: 'Only the platform’s function rotates the secret',
    question: 'Is the secret rotated on time by the platform’s function, or by none in a tenant of an earlier release?',
    severity: 'high',
    controls: { 'SOC 2': ['CC6.3'] },
    remediation:
      'Give the secret back its rotation by RotateMasterSecret, and find out who made the function that the evidence names.',
  },
  {
    id: 'secrets.current',
    title: 'The latest password is the one in force',
    question:
      'Is the latest version of the secret the current one, and has no version a stage but Secrets Manager’s own?',
    severity: 'medium',
    controls: { 'SOC 2': ['CC6.1'] },
    remediation:
      'Move the stage AWSCURRENT back to the latest version, and remove the stage that the evidence names; find out who moved it.',
  },
] as const satisfies readonly CheckMetadata[];
