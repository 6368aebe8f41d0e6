import type { CheckMetadata } from '../check';

export const DATABASE_LOGINS_METADATA = [
  {
    id: 'probes.database-login',
    title: 'The tenant’s role logs in to its database',
    question: 'Does the database accept a login of its application over TLS with a token of the tenant’s role?',
    severity: 'high',
    controls: { FSBP: ['RDS.10'], 'SOC 2': ['A1.1'] },
    remediation:
      'Restore the role of the application, and what the evidence names: the role, IAM authentication, the port.',
  },
  {
    id: 'probes.database-from-decoy',
    title: 'Another tenant is denied this database',
    question: 'Does the database refuse a login of its application with a token of the decoy’s role?',
    severity: 'critical',
    controls: { 'SOC 2': ['CC6.1'] },
    remediation: 'Remove what gives the decoy’s role `rds-db:connect` on this database: in the role or the boundary.',
  },
  {
    id: 'probes.database-other-user',
    title: 'A token opens the database for its own user only',
    question:
      'Does the database refuse a token of the tenant’s role for another user, and a login as the master user with one?',
    severity: 'critical',
    controls: { 'SOC 2': ['CC6.1', 'CC6.3'] },
    remediation: 'Restore the tenant’s role from the access stack, and take `rds_iam` from the master user.',
  },
  {
    id: 'probes.database-expired-token',
    title: 'An expired token does not open the database',
    question: 'Does the database refuse a token of the tenant’s role that was signed 16 minutes ago?',
    severity: 'high',
    controls: { 'SOC 2': ['CC6.1'] },
    remediation: 'Take IAM authentication of the database off and on again; if tokens still last, ask AWS.',
  },
  {
    id: 'probes.database-without-tls',
    title: 'No login without TLS',
    question:
      'Does the database refuse logins without TLS before it asks for a password or token, of the master user too?',
    severity: 'high',
    controls: { FSBP: ['RDS.38'], 'SOC 2': ['CC6.7'] },
    remediation: 'Attach the tenant’s parameter group, set `rds.force_ssl` to 1 and apply it.',
  },
  {
    id: 'probes.database-master-password',
    title: 'The master password does not open the application’s door',
    question: 'Does the database refuse a login as the application with the master password?',
    severity: 'critical',
    controls: { 'SOC 2': ['CC6.1'] },
    remediation:
      'Grant `rds_iam` to the application’s role again, take its password away, and rotate the master password.',
  },
  {
    id: 'probes.database-powers',
    title: 'The application reads and writes rows, and nothing else',
    question:
      'Is the application’s role denied making tables, schemas, functions, publications and roles, becoming another role, and reading the server’s files?',
    severity: 'critical',
    controls: { 'SOC 2': ['CC6.3'] },
    remediation: 'Revoke the right or the membership with which the application could do what the evidence names.',
  },
  {
    id: 'probes.database-others',
    title: 'The application cannot enter another database',
    question: 'Is the application’s role denied entering the other databases of the server?',
    severity: 'high',
    controls: { 'SOC 2': ['CC6.3'] },
    remediation: 'Revoke CONNECT on the database that the evidence names from PUBLIC and from the application’s role.',
  },
] as const satisfies readonly CheckMetadata[];
