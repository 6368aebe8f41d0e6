import { PlatformError } from '../contract/errors';

/**
 * Every environment variable that a function may read. Infra sets each together with its grants.
 */
export type EnvName =
  | 'TABLE_NAME'
  | 'EVENT_BUS_NAME'
  /** The domain under which tenants get their subdomain, e.g. `funnels.example`. */
  | 'DOMAIN'
  /** `https`, or `http` where the stage has no certificate. */
  | 'URL_SCHEME'
  | 'ACCOUNT_ID'
  /** JSON of PublishedTemplates. */
  | 'STACK_TEMPLATES'
  /** CloudFormation's service role for tenant stacks. */
  | 'STACK_ROLE_ARN'
  | 'TENANT_BOUNDARY_ARN'
  /**
   * Comma-separated ARNs of the roles of functions that a tenant's role trusts, besides the cell's
   * task role.
   */
  | 'TRUSTED_ROLE_ARNS'
  /** JSON of PlacedByOrganization. */
  | 'PLACED_BY_ORGANIZATION'
  /** The most tenants that an audit suspends for the same check. */
  | 'MAX_SUSPENSIONS'
  /** The account that may put signups on the bus. */
  | 'BILLING_ACCOUNT_ID'
  | 'ALARM_TOPIC_ARN'
  /** Where people read docs/runbook.md. */
  | 'RUNBOOK_URL'
  /** Comma-separated zones of the stage's cells. */
  | 'AVAILABILITY_ZONES'
  /** Comma-separated ARNs of the state machines whose runs Watchdog and Sweep monitor. */
  | 'MACHINE_ARNS'
  | 'EVIDENCE_BUCKET_NAME'
  /** `VERSION+DIGEST` of the function's bundle, as reports name it. */
  | 'CODE_VERSION'
  | 'MAX_ONBOARDING_MINUTES'
  /** What to do with an orphan: `report` or `remove`. */
  | 'ORPHANS'
  /** Of the domain; not set where the stage has no hosted zone. */
  | 'HOSTED_ZONE_ID'
  /** Of AWS Organizations; not set where CreateTenantKey has to ask. */
  | 'ORGANIZATION_ID'
  /** Of the ECR repository that releases take their images from. */
  | 'REPOSITORY_NAME'
  | 'REPOSITORY_URI'
  /** How long a cell keeps the version that serves no tenant any more. */
  | 'GRACE_SECONDS'
  /** How long load balancers may go on sending requests as a former rule says. */
  | 'PROPAGATION_SECONDS'
  /** The file with the authorities of databases' certificates, PEM. */
  | 'DATABASE_CERTIFICATES'
  /** After so many seconds, a call begins no further chunk of a restore. */
  | 'COPY_FOR_SECONDS'
  /** ARN of the function by which Secrets Manager rotates master passwords. */
  | 'ROTATION_FUNCTION'
  /** Name of the function that reaches tenants' databases. */
  | 'PREPARE_DATABASE_FUNCTION'
  /** Port in tenants' URLs; not set where it is the scheme's own. */
  | 'URL_PORT'
  | 'ACTS_TABLE_NAME'
  | 'ONBOARDING_MACHINE_ARN'
  | 'RELEASE_MACHINE_ARN'
  | 'MIGRATION_MACHINE_ARN'
  | 'UNDELIVERED_SIGNUPS_URL'
  /** Names of functions that PerformAct calls. */
  | 'AUDIT_TENANT_FUNCTION'
  | 'SUSPEND_TENANT_FUNCTION'
  | 'RESUME_TENANT_FUNCTION'
  | 'PLAN_MIGRATION_FUNCTION'
  | 'RETRY_MOVE_FUNCTION'
  | 'RESTORE_DATABASE_FUNCTION'
  /** Set by Lambda itself. */
  | 'AWS_REGION';

/**
 * @returns the variable's value
 * @throws PlatformError `ConfigurationInvalid` when it is missing or empty
 */
export function env(name: EnvName): string {
  const value = process.env[name];
  if (!value) throw new PlatformError('ConfigurationInvalid', `environment variable ${name} is not set`);
  return value;
}

/** @returns the variable's value, or undefined when it is missing or empty */
export const optionalEnv = (name: EnvName): string | undefined => process.env[name] || undefined;
