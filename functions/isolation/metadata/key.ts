import type { CheckMetadata } from '../check';

export const KEY_METADATA = [
  {
    id: 'key.usable',
    title: 'The key is an enabled, customer managed key of one Region',
    question:
      'Is the tenant’s KMS key enabled, symmetric, customer managed, created by KMS and of one Region, and may the account administer it?',
    severity: 'high',
    controls: { FSBP: ['KMS.3'], 'SOC 2': ['CC6.1'] },
    remediation: 'Enable the key, cancel its deletion and enable it, or give its policy the account’s statement back.',
  },
  {
    id: 'key.tag',
    title: 'The key carries its tenant’s tag',
    question: 'Does the key carry this tenant’s tag, with which the boundary of tenants’ roles compares?',
    severity: 'high',
    controls: { 'SOC 2': ['CC6.1'] },
    remediation: 'Set the key’s tag back to the tenant’s id.',
  },
  {
    id: 'key.rotation',
    title: 'KMS rotates the key',
    question: 'Is automatic rotation of the key enabled, with a period of at most a year?',
    severity: 'medium',
    controls: { FSBP: ['KMS.4'], 'CIS AWS Foundations': ['3.6'] },
    remediation: 'Enable automatic rotation of the key, with a period of 365 days.',
  },
  {
    id: 'key.policy',
    title: 'Only this tenant uses the key',
    question:
      'Does the key’s policy allow use of the key only to the tenant’s role, its data stores, its log groups and, through RDS, the break-glass role?',
    severity: 'critical',
    controls: { 'SOC 2': ['CC6.1'], FSBP: ['KMS.1'] },
    remediation: 'Remove the statement that the evidence names from the key’s policy, or restore its conditions.',
  },
  {
    id: 'key.organization',
    title: 'Principals outside the organization are denied',
    question: 'Does the key’s policy deny every principal that is neither of the organization nor of this account?',
    severity: 'high',
    controls: { 'SOC 2': ['CC6.6'] },
    remediation: 'Restore the Deny statement of the key’s policy, with the id of the account’s own organization.',
  },
  {
    id: 'key.policy-account',
    title: 'The key’s policy allows no principal of another account',
    question: 'Does the key’s policy allow only principals of this account and AWS services?',
    severity: 'critical',
    controls: { FSBP: ['KMS.5'], 'SOC 2': ['CC6.3'] },
    remediation: 'Remove the principal that the evidence names from the key’s policy.',
  },
  {
    id: 'key.grant-makers',
    title: 'Grants on the key are made for the tenant’s data stores only',
    question:
      'Does the key’s policy allow only the stacks’ role and the break-glass role to create grants, and only for AWS resources?',
    severity: 'critical',
    controls: { 'SOC 2': ['CC6.1'] },
    remediation: 'Remove `kms:CreateGrant` from the statement that the evidence names, or restore its conditions.',
  },
  {
    id: 'key.grants',
    title: 'No grant gives a principal use of the key',
    question: 'Is every grant on the key held by an AWS service and bound to one of the tenant’s databases?',
    severity: 'critical',
    controls: { 'SOC 2': ['CC6.1'] },
    remediation: 'Revoke the grant that the evidence names.',
  },
  {
    id: 'key.principals',
    title: 'No other principal’s policy names the key',
    question:
      'Does no policy of a principal that is no role of the tenant, and that the stage does not list, name this key, but to look at it?',
    severity: 'high',
    controls: { FSBP: ['KMS.1', 'KMS.2'], 'SOC 2': ['CC6.1', 'CC6.3'] },
    remediation:
      'Take the key from the policy of the principal that the evidence names, or list the principal in `administrators` of the stage.',
  },
  {
    id: 'key.alias',
    title: 'The tenant’s alias is the only alias of the key',
    question: 'Does the tenant’s alias point to the key, and does no other alias?',
    severity: 'medium',
    controls: { 'SOC 2': ['CC6.1'] },
    remediation: 'Point the tenant’s alias to the tenant’s key, and delete the other aliases of the key.',
  },
  {
    id: 'key.logs',
    title: 'The tenant’s logs are under the tenant’s key, and kept',
    question:
      'Does every log group of the tenant exist, under the tenant’s key and with the right to it, and keep its logs as long as the release says?',
    severity: 'high',
    controls: { 'SOC 2': ['CC6.1'] },
    remediation:
      'Associate the tenant’s key with the log group that the evidence names, create the log group again, or give the key its policy back.',
  },
] as const satisfies readonly CheckMetadata[];
