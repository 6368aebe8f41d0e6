import type { CheckMetadata } from '../check';

export const PLATFORM_METADATA = [
  {
    id: 'identity.trustees',
    title: 'The platform’s roles are those of the release',
    question:
      'Does each role of the platform’s stacks, whom tenants trust, and each policy of theirs for people have exactly the trust and the statements of the release?',
    severity: 'critical',
    controls: { FSBP: ['IAM.1'], 'SOC 2': ['CC6.1', 'CC6.3'] },
    remediation:
      'Set trust and policies of the role, or the policy, that the evidence names back to its stack’s template.',
  },
  {
    id: 'identity.reach',
    title: 'Nobody else is given tenants’ resources by name',
    question:
      'Does no policy of a principal that no template makes, and the stage does not list, name a tenant’s role, secret, database, bucket or stack, or a resource of the platform that carries tenants’ data or guards it, but to look at its settings?',
    severity: 'high',
    controls: { FSBP: ['IAM.21'], 'SOC 2': ['CC6.1', 'CC6.3'] },
    remediation:
      'Take the statement that the evidence names from the principal’s policy, or list the principal in `administrators` of the stage.',
  },
  {
    id: 'platform.table',
    title: 'The tenants table is shared with nobody',
    question:
      'Are the tenants table’s key, protection and point-in-time recovery the template’s, have table and key no policy beyond the release’s, and does no stream, replica or export lead its items elsewhere?',
    severity: 'critical',
    controls: { 'SOC 2': ['CC6.1', 'CC6.3'] },
    remediation:
      'Delete the table’s resource policy, disable the stream that the evidence names, and delete what an export has written; AWS lists it for 90 days, so list its bucket in `tableExports` of the stage then.',
  },
  {
    id: 'platform.acts',
    title: 'Nobody changes the record of acts',
    question:
      'Has the table of acts the release’s resource policy, which denies every principal to change an act, and has nobody exported it?',
    severity: 'high',
    controls: { 'SOC 2': ['CC7.2', 'CC7.3'] },
    remediation:
      'Set the resource policy of the table of acts back to the foundation stack’s, and compare the acts with CloudTrail since then.',
  },
  {
    id: 'platform.bus',
    title: 'Only the billing account puts signups on the bus',
    question:
      'Does the bus’s policy admit this account and the billing account only, and are its key, dead-letter queue and log the release’s?',
    severity: 'high',
    controls: { 'SOC 2': ['CC6.1'] },
    remediation: 'Remove the statement that the evidence names from the policy of the bus.',
  },
  {
    id: 'platform.topic',
    title: 'Alarms reach the account’s own operators only',
    question:
      'Has the alarm topic the key of the release, do its policy and the key’s let CloudWatch in and other accounts out, and is nobody subscribed but the release’s, this account’s and those on the stage’s list?',
    severity: 'medium',
    controls: { 'SOC 2': ['CC6.1', 'CC7.2'] },
    remediation:
      'Remove the subscription or the statement that the evidence names from the alarm topic, and give it its key back.',
  },
  {
    id: 'platform.evidence',
    title: 'Reports are locked, and read in this account only',
    question:
      'Does the evidence bucket lock each version for as long as the release says, have bucket and key its policies, is public access blocked, and is no report replicated?',
    severity: 'high',
    controls: { FSBP: ['S3.15'], 'SOC 2': ['CC7.2'] },
    remediation:
      'Set default retention and policies of the evidence bucket and its key back to the foundation stack’s, and delete the replication that the evidence names.',
  },
  {
    id: 'platform.images',
    title: 'Only released images are in service',
    question:
      'Has each image that runs in the cell come by a release or with the cell’s stack, and has the repository no policy beyond the release’s?',
    severity: 'critical',
    controls: { FSBP: ['ECR.1'], 'SOC 2': ['CC8.1'] },
    remediation:
      'Take the statement that the evidence names from the repository’s policy, or release an image that you know; what ran had every tenant’s role.',
  },
  {
    id: 'platform.permissions',
    title: 'Nobody else calls the platform’s functions',
    question:
      'Have the functions, each version and alias of them, and the queues of signups the release’s resource policies, and do the queues keep signups as long and as closed as the release says?',
    severity: 'high',
    controls: { FSBP: ['Lambda.1', 'SQS.3'], 'SOC 2': ['CC6.1', 'CC6.3'] },
    remediation: 'Remove the statement that the evidence names from the policy of the function or the queue.',
  },
  {
    id: 'platform.functions',
    title: 'The platform’s functions run as the release made them',
    question:
      'Has each function the role, runtime, variables, layers, log group, dead-letter queue and network of its stack’s template, and no file system or source of records, and does no other function run in its role?',
    severity: 'high',
    controls: { 'SOC 2': ['CC8.1'] },
    remediation: 'Deploy the stack of the function that the evidence names, and find out who has changed it.',
  },
  {
    id: 'audit.code',
    title: 'The platform’s functions run the released code',
    question: 'Is the code of every function of the platform and its cells the package of the release, by digest?',
    severity: 'critical',
    controls: { 'SOC 2': ['CC8.1', 'CC7.2'] },
    remediation: 'Deploy the control plane, find out who has changed the code, and audit all tenants again.',
  },
  {
    id: 'audit.machines',
    title: 'Onboarding, audit and release run the released definitions',
    question:
      'Have the state machines of onboarding, audit and release exactly the definition and the role of the release, do they log to nobody else, and does no other machine run in a role of the platform?',
    severity: 'critical',
    controls: { 'SOC 2': ['CC8.1', 'CC7.2'] },
    remediation:
      'Deploy the control plane, delete a machine that the evidence names and that no template makes, and look for tenants that were onboarded by the changed definition.',
  },
  {
    id: 'audit.rules',
    title: 'The audit is started, and events go where they belong',
    question:
      'Are the rules of the platform enabled and unchanged, has its bus no other rule, archive or copy in another Region, and does no rule tell others of executions?',
    severity: 'high',
    controls: { 'SOC 2': ['CC7.2'] },
    remediation:
      'Enable the rule, set it back to its stack’s template, or delete the rule or the archive that the evidence names.',
  },
  {
    id: 'audit.alarms',
    title: 'Alarms tell the operators',
    question: 'Is every alarm of the platform’s stacks there, enabled to act, and as the release made it?',
    severity: 'high',
    controls: { FSBP: ['CloudWatch.17'], 'SOC 2': ['CC7.2'] },
    remediation:
      'Enable the actions of the alarms that the evidence names, or set them back to their stack’s template.',
  },
] as const satisfies readonly CheckMetadata[];
