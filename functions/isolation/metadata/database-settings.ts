import type { CheckMetadata } from '../check';

export const DATABASE_SETTINGS_METADATA = [
  {
    id: 'database.status',
    title: 'The database is in service',
    question: 'Is each of the tenant’s instances there, and neither stopped nor failed nor being deleted?',
    severity: 'medium',
    controls: { 'SOC 2': ['A1.2'] },
    remediation:
      'Start the instance that the evidence names, and read its events for the cause; of one that is gone, follow “A lost database”.',
  },
  {
    id: 'database.pending',
    title: 'No change of the database waits for the maintenance window',
    question: 'Does no change of an instance wait for its next maintenance window?',
    severity: 'medium',
    controls: { 'SOC 2': ['CC8.1'] },
    remediation: 'Find out who asked for the change, and set the property that the evidence names back.',
  },
  {
    id: 'database.parameters',
    title: 'The engine has the release’s parameters',
    question: 'Does the parameter group set exactly the parameters of the tenant’s release, so that no log has data?',
    severity: 'high',
    controls: { 'SOC 2': ['CC6.1', 'CC8.1'] },
    remediation: 'Set the parameter that the evidence names back to the release’s value, or reset it.',
  },
  {
    id: 'database.master-password',
    title: 'The master password is the one in the secret',
    question: 'Has nobody set the master password in the last 14 days without a new version of the secret?',
    severity: 'critical',
    controls: { 'SOC 2': ['CC6.1'] },
    remediation: 'Set a new master password in the secret and on the instance, and find out who set the known one.',
  },
  {
    id: 'database.monitoring-role',
    title: 'The tenant’s own role monitors the database',
    question: 'Does enhanced monitoring of each instance use the monitoring role of this tenant, or none?',
    severity: 'medium',
    controls: { 'SOC 2': ['CC6.3'] },
    remediation: 'Set the monitoring role of the instance that the evidence names back to the tenant’s own.',
  },
  {
    id: 'database.instance',
    title: 'The instances have the release’s settings',
    question:
      'Has each instance the upgrades, monitoring, insights and tags on snapshots of the tenant’s release, its own port, IPv4 alone, no options, and no secret that RDS manages?',
    severity: 'medium',
    controls: { FSBP: ['RDS.6', 'RDS.13', 'RDS.17'], 'SOC 2': ['CC8.1'] },
    remediation: 'Set the property of the instance that the evidence names back to the release’s value.',
  },
  {
    id: 'database.alarms',
    title: 'The database’s alarms ring as the release made them',
    question:
      'Is every alarm of the tenant’s databases there and enabled to act, and has it the metric, the threshold and the actions of the release?',
    severity: 'medium',
    controls: { FSBP: ['CloudWatch.17'], 'SOC 2': ['CC7.2'] },
    remediation: 'Enable the actions of the alarm that the evidence names, or update the tenant’s database stack.',
  },
  {
    id: 'database.tag',
    title: 'The database carries its tenant’s tag',
    question: 'Do the database and its replica carry this tenant’s tag, by which rights of the platform are bound?',
    severity: 'medium',
    controls: { 'SOC 2': ['CC6.1'] },
    remediation: 'Set the tag of the instance that the evidence names back to the tenant’s id.',
  },
] as const satisfies readonly CheckMetadata[];
