import type { CheckMetadata } from '../check';

export const DATABASE_DOOR_METADATA = [
  {
    id: 'database.logins',
    title: 'Only the release’s roles may log in to the database',
    question:
      'Does the database have exactly the roles of the release, each with its attributes, and is none of them a superuser?',
    severity: 'critical',
    controls: { 'SOC 2': ['CC6.1', 'CC6.3'] },
    remediation: 'Drop the role that the evidence names, or take the attribute from it, and find out who made it.',
  },
  {
    id: 'database.members',
    title: 'No role is a member of another but by the release',
    question: 'Are the memberships of roles exactly those of the release, and does the application have rds_iam alone?',
    severity: 'critical',
    controls: { 'SOC 2': ['CC6.1', 'CC6.3'] },
    remediation: 'Revoke the membership that the evidence names.',
  },
  {
    id: 'database.owners',
    title: 'All that is in the database belongs to its owner',
    question:
      'Do databases, and whatever is in the tenant’s, belong to the roles that the release makes their owners, and has no role anything in another database?',
    severity: 'critical',
    controls: { 'SOC 2': ['CC6.1'] },
    remediation: 'Drop what the evidence names, or give it back to the owner that the release names.',
  },
  {
    id: 'database.leftovers',
    title: 'Nothing of a restore is left in the database',
    question:
      'Is there no schema with rows of an earlier time, which a restore puts beside the tenant’s own while it lasts?',
    severity: 'high',
    controls: { 'SOC 2': ['CC6.5', 'CC6.7'] },
    remediation: 'Finish the restore by its command, or drop what it has left by `restore --discard`.',
  },
  {
    id: 'database.grants',
    title: 'Rights in the database are those of the release',
    question:
      'Are the rights on databases, schemas, tables, columns and functions, and those by default, exactly the release’s, with none for PUBLIC?',
    severity: 'critical',
    controls: { 'SOC 2': ['CC6.1', 'CC6.3'] },
    remediation: 'Revoke the right that the evidence names, or grant the missing one.',
  },
  {
    id: 'database.code',
    title: 'No code in the database has another’s rights',
    question:
      'Is there no function that runs with the rights of its owner, no trigger, rule or cast, and no row security?',
    severity: 'high',
    controls: { 'SOC 2': ['CC6.8'] },
    remediation: 'Drop the function, trigger, rule, cast or policy that the evidence names, and find out who made it.',
  },
  {
    id: 'database.foreign',
    title: 'The database leads to no other server',
    question:
      'Are there no foreign servers, wrappers, tables and user mappings, and no extensions or languages but the release’s, in no database?',
    severity: 'high',
    controls: { 'SOC 2': ['CC6.7'] },
    remediation:
      'Drop the server, wrapper or extension that the evidence names, and rotate what its user mappings name.',
  },
  {
    id: 'database.replication',
    title: 'Nothing is replicated out of the database by PostgreSQL',
    question: 'Are there no publications, no subscriptions and no replication slots, but RDS’s own for a replica?',
    severity: 'high',
    controls: { 'SOC 2': ['CC6.7'] },
    remediation: 'Drop the publication, subscription or slot that the evidence names.',
  },
  {
    id: 'database.sessions',
    title: 'Sessions begin in the tenant’s own schema and find its tables',
    question:
      'Do settings begin each session in the tenant’s schema and otherwise only tune statements, and do limits, table rights and tables themselves serve the application, after a crash, too?',
    severity: 'high',
    controls: { 'SOC 2': ['CC6.8'] },
    remediation:
      "Reset the setting that the evidence names (`ALTER ROLE … RESET …`), lift the limit (`ALTER DATABASE … CONNECTION LIMIT -1`, `ALTER ROLE … CONNECTION LIMIT -1 VALID UNTIL 'infinity'`), keep the table in the log (`ALTER TABLE … SET LOGGED`), or grant the role its rights again.",
  },
  {
    id: 'database.release',
    title: 'The database’s roles are of this release',
    question: 'Have the roles and rights of the database been made by this release, and not by an earlier one?',
    severity: 'medium',
    controls: { 'SOC 2': ['CC8.1'] },
    remediation: 'Bring the database to this release, as the runbook says; nobody reaches more than before until then.',
  },
] as const satisfies readonly CheckMetadata[];
