import type { CheckMetadata } from '../check';

export const IDENTITY_METADATA = [
  {
    id: 'identity.path',
    title: 'The role is under the tenants’ path',
    question:
      'Is the tenant’s role under the path that the platform’s policies name, with sessions of at most an hour?',
    severity: 'medium',
    controls: { 'SOC 2': ['CC6.1'] },
    remediation: 'Set the role’s maximum session duration back, or create the role again from the access stack.',
  },
  {
    id: 'identity.tag',
    title: 'The role carries its tenant’s tag',
    question: 'Does the role carry this tenant’s tag, with which its boundary confines it to this tenant?',
    severity: 'high',
    controls: { 'SOC 2': ['CC6.1'] },
    remediation: 'Set the role’s tag back to the tenant’s id.',
  },
  {
    id: 'identity.trust',
    title: 'Only the shared service and the platform assume the role',
    question: 'Does the role trust only its cell’s task role and the functions of the platform that need it?',
    severity: 'critical',
    controls: { FSBP: ['IAM.1'], 'SOC 2': ['CC6.3'] },
    remediation: 'Remove the principal that the evidence names from the role’s trust policy.',
  },
  {
    id: 'identity.release',
    title: 'The role’s trust is of this release',
    question: 'Does the role trust every function that this release assumes it with?',
    severity: 'medium',
    controls: { 'SOC 2': ['CC8.1'] },
    remediation: 'Update the tenant’s access stack to the template of this release.',
  },
  {
    id: 'identity.external-id',
    title: 'Assuming the role requires external ID and session tag',
    question: 'Does every statement of the trust policy require this tenant’s external ID and session tag?',
    severity: 'critical',
    controls: { 'SOC 2': ['CC6.1'] },
    remediation: 'Restore the conditions of the role’s trust policy from the access stack.',
  },
  {
    id: 'identity.boundary',
    title: 'The role has the tenants’ permissions boundary',
    question: 'Does the tenant’s role have the permissions boundary that every role of a tenant must have?',
    severity: 'critical',
    controls: { 'SOC 2': ['CC6.3'] },
    remediation: 'Set the role’s permissions boundary back to the tenants’ boundary.',
  },
  {
    id: 'identity.boundary-unchanged',
    title: 'The boundary confines each role to its own tenant',
    question: 'Does every statement of the boundary allow only resources of the tenant whose tag the role carries?',
    severity: 'critical',
    controls: { 'SOC 2': ['CC6.3'], FSBP: ['IAM.21'] },
    remediation: 'Restore the boundary’s default policy version from the foundation stack; it applies to all tenants.',
  },
  {
    id: 'identity.policy',
    title: 'The role’s policy names this tenant’s data only',
    question: 'Do the role’s inline policies name only this tenant’s bucket, key, secret and database user?',
    severity: 'critical',
    controls: { FSBP: ['IAM.21'], 'SOC 2': ['CC6.3'] },
    remediation: 'Remove the statement that the evidence names from the role’s inline policies.',
  },
  {
    id: 'identity.attached-policies',
    title: 'No managed policy is attached to the role',
    question: 'Is the role without attached managed policies?',
    severity: 'high',
    controls: { FSBP: ['IAM.1'], 'CIS AWS Foundations': ['1.16'] },
    remediation: 'Detach the policy that the evidence names from the role.',
  },
  {
    id: 'identity.service-roles',
    title: 'The roles of AWS services for this tenant are confined too',
    question:
      'Do the roles for flow logs and monitoring have the boundary, and trust AWS services for this account only?',
    severity: 'high',
    controls: { 'SOC 2': ['CC6.3'] },
    remediation: 'Restore boundary, tag and trust policy of the role that the evidence names from its stack.',
  },
  {
    id: 'identity.only-roles',
    title: 'No further principal has the tenant’s name or tag',
    question: 'Is there no role, user or group with the tenant’s name or tag besides the roles of its release?',
    severity: 'high',
    controls: { 'SOC 2': ['CC6.3'] },
    remediation: 'Find out who made the principal that the evidence names, and delete it.',
  },
  {
    id: 'identity.logins',
    title: 'Only the tenant’s role logs in to its database',
    question:
      'Does no other principal’s own policy allow to log in to the tenant’s database with IAM authentication, except PrepareDatabase’s as the master user?',
    severity: 'high',
    controls: { 'SOC 2': ['CC6.3'], FSBP: ['RDS.10'] },
    remediation: 'Remove `rds-db:connect` on this database from the policies of the principal that the evidence names.',
  },
] as const satisfies readonly CheckMetadata[];

export const SOLE_ACCESS_METADATA = [
  {
    id: 'identity.sole-access',
    title: 'No other principal has access to the tenant’s data',
    question:
      'Do the policies of key, bucket and secret grant access only to the tenant’s role and to the services that store its data?',
    severity: 'critical',
    controls: { 'SOC 2': ['CC6.1', 'CC6.3'] },
    remediation: 'Remove the grant or statement that the evidence names, as the check of that resource says.',
  },
] as const satisfies readonly CheckMetadata[];
