import type { CheckMetadata } from '../check';

export const REPLICA_LOGINS_METADATA = [
  {
    id: 'probes.replica-login',
    title: 'The tenant’s reader logs in to its replica',
    question: 'Does the replica, if the plan has one, accept its reader over TLS with a token of the tenant’s role?',
    severity: 'high',
    controls: { FSBP: ['RDS.10'], 'SOC 2': ['A1.1'] },
    remediation: 'Restore what the evidence names: the reader’s role, IAM authentication, the port.',
  },
  {
    id: 'probes.replica-from-decoy',
    title: 'Another tenant is denied this replica',
    question: 'Does the replica refuse its reader with a token of the decoy’s role?',
    severity: 'critical',
    controls: { 'SOC 2': ['CC6.1'] },
    remediation: 'Remove what gives the decoy’s role `rds-db:connect` on this replica.',
  },
  {
    id: 'probes.replica-other-token',
    title: 'A token opens the replica for its reader only',
    question:
      'Does the replica refuse the application, a token for another user or the primary, and the master user with one?',
    severity: 'critical',
    controls: { 'SOC 2': ['CC6.1', 'CC6.3'] },
    remediation: 'Restore the tenant’s role from the access stack, and take `rds_iam` from the master user.',
  },
  {
    id: 'probes.replica-without-tls',
    title: 'No login to the replica without TLS',
    question: 'Does the replica refuse logins without TLS before it asks for a secret, of the master user too?',
    severity: 'high',
    controls: { FSBP: ['RDS.38'], 'SOC 2': ['CC6.7'] },
    remediation: 'Attach the tenant’s parameter group to the replica, with `rds.force_ssl` 1.',
  },
  {
    id: 'probes.replica-reads-only',
    title: 'The replica is only read',
    question: 'Does the replica take no writes, and is its reader denied making anything and becoming anybody?',
    severity: 'critical',
    controls: { 'SOC 2': ['CC6.3'] },
    remediation: 'Delete a replica that was promoted and update the stack; revoke what the reader could do.',
  },
] as const satisfies readonly CheckMetadata[];
