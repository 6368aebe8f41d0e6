import { createHash } from 'node:crypto';

const CROCKFORD = '0123456789abcdefghjkmnpqrstvwxyz';

/** Lower-case Crockford base32 of the first `length` five-bit groups of a SHA-256. */
function base32Digest(text: string, length: number): string {
  const bytes = createHash('sha256').update(text).digest();
  let out = '';
  let buffer = 0;
  let bits = 0;
  for (const byte of bytes) {
    buffer = (buffer << 8) | byte;
    bits += 8;
    while (bits >= 5 && out.length < length) {
      out += CROCKFORD.charAt((buffer >> (bits - 5)) & 31);
      bits -= 5;
    }
    buffer &= (1 << bits) - 1;
  }
  return out;
}

/**
 * `t` and 15 base32 characters (75 bits). It fits every AWS name limit and starts with a letter.
 */
export const TENANT_ID_PATTERN = /^t[0-9a-hjkmnp-tv-z]{15}$/;

/** @returns the first tenant id in the name of a resource, if it has one */
export const tenantIdIn = (name: string): string | undefined =>
  name.split(/[^0-9a-z]/).find((part) => TENANT_ID_PATTERN.test(part));

/**
 * The tenant id of a signup. It is derived, so that every retry of the signup names the same
 * resources.
 */
export function tenantIdOf(signupId: string): string {
  return `t${base32Digest(signupId, 15)}`;
}

/**
 * The external id of a tenant's role. It is not a secret (AWS: "The AWS STS ExternalId isn't a
 * secret"). It differs per tenant, so a caller that confuses two tenants is denied.
 */
export function externalIdOf(tenantId: string): string {
  return `x${base32Digest(`external-id:${tenantId}`, 26)}`;
}

/**
 * The role name of one of the platform's functions. It is fixed, because tenants' roles and
 * tenants' key policies name such roles by ARN, and must still be right after a role is replaced.
 */
export const functionRoleName = (functionName: string) => `tenant-onboarding-${functionName}`;

/**
 * The role with which a person restores a tenant's database. Policies of tenants' keys bind it by its
 * ARN, so its name is fixed.
 */
export const BREAK_GLASS_ROLE = 'tenant-onboarding-break-glass';
export const breakGlassRoleArn = (accountId: string) => `arn:aws:iam::${accountId}:role/${BREAK_GLASS_ROLE}`;

/**
 * The function that sets tenants' databases up in the network of one cell. Every cell has its own; the
 * control plane finds it by this name.
 */
export const setUpDatabaseName = (cell: string) => functionRoleName(`SetUpDatabase-${cell}`);

/**
 * The function that tries the doors of tenants' databases from the network of one cell, for the functions
 * that verify. Every cell has its own.
 */
export const askDatabaseName = (cell: string) => functionRoleName(`AskDatabase-${cell}`);

/** The function by which Secrets Manager rotates master passwords. Tenants' secrets name it, so its name is fixed. */
export const rotationFunctionArn = (region: string, accountId: string) =>
  `arn:aws:lambda:${region}:${accountId}:function:${functionRoleName('RotateMasterSecret')}`;

/**
 * The role that this function assumes for one tenant. Policies of tenants' keys bind it by its ARN, so its name is
 * fixed.
 */
export const ROTATION_ROLE = 'tenant-onboarding-rotation';
export const rotationRoleArn = (accountId: string) => `arn:aws:iam::${accountId}:role/${ROTATION_ROLE}`;

/** How often a tenant's master password is rotated, in days. */
export const ROTATION_DAYS = 30;

/** PostgreSQL's names in every tenant's database: the database, its master user, the tables' owner, their schema. */
export const DATABASE_NAME = 'funnels';
export const DATABASE_MASTER = 'tenant_admin';
export const DATABASE_OWNER = 'funnels_owner';
export const DATABASE_SCHEMA = 'funnels';
/** Schema for the rows of a restored database, until they replace the tenant's own. Only the owner may use it. */
export const DATABASE_STAGING = 'funnels_restored';

/** IAM path under which every role and policy of a tenant lives. */
export const TENANT_ROLE_PATH = '/tenants/';

/** Tag on every resource of one tenant. Key policies and boundaries depend on it. */
export const TENANT_TAG = 'tenantId';

/**
 * In a policy: the tenant whose tag the caller's role or session carries. A session tag can repeat the
 * value of a role's tag and cannot change it.
 */
export const CALLERS_TENANT = `\${aws:PrincipalTag/${TENANT_TAG}}`;

/**
 * Prefix of the objects that isolation probes write and delete. Objects of a crashed probe expire.
 */
export const PROBE_PREFIX = '.isolation-probe/';

/** The platform's stacks: `Foundation`, `ControlPlane`, `Delivery`, and `Cell-NAME` for each cell. */
export const platformStackName = (stack: string) => `TenantOnboarding-${stack}`;

/** CloudFormation names a rule of another bus than the default one `BUS|RULE`. */
export const ruleNameOf = (physicalId = '') => physicalId.split('|').at(-1) ?? '';

/** Metadata of a function in its stack's template: SHA-256 of its package, base64. */
export const CODE_DIGEST = 'CodeSha256';

/** Outputs of a stack whose names begin so have the names of its resources, a line each. */
export const RESOURCE_NAMES = 'ResourceNames';

/** SSM path under which each cell publishes its descriptor (`/tenant-onboarding/cells/NAME`). */
export const CELLS_PARAMETER_PATH = '/tenant-onboarding/cells';

/** The ECR repository of the shared service's images, which releases take by digest. */
export const SERVICE_REPOSITORY = 'tenant-onboarding/service';

/** The pipeline that starts releases of pushed images. */
export const RELEASE_PIPELINE = 'tenant-onboarding-release';

/** Header with which the shared service tells its version, in every answer. */
export const VERSION_HEADER = 'x-service-version';

/** Header of its answers at /healthz: the last of the migrations that the version knows. */
export const MIGRATION_HEADER = 'x-service-migration';

/**
 * How the shared service answers a probe for a tenant whose database lacks a migration, with the
 * migration that it needs: `behind NAME`.
 */
export const BEHIND = 'behind';

/** Prefix of reports in the evidence bucket: `tenants/TENANTID/TIME-EXECUTION.json` and `.html`. */
export const EVIDENCE_PREFIX = 'tenants/';

/**
 * The names of a tenant's resources. All derive from the tenant id, so they can be found without a
 * record.
 */
export const tenantNames = {
  stack: (tenantId: string, stack: string) => `tenant-${tenantId}-${stack}`,
  keyAlias: (tenantId: string) => `alias/tenants/${tenantId}`,
  /**
   * S3 bucket names are global, so the name contains account and region: at most 7+16+1+12+1+14 =
   * 51 of 63 characters.
   */
  bucket: (tenantId: string, accountId: string, region: string) => `tenant-${tenantId}-${accountId}-${region}`,
  role: (tenantId: string) => `tenant-${tenantId}`,
  secret: (tenantId: string) => `tenants/${tenantId}/database`,
  database: (tenantId: string) => `tenant-${tenantId}`,
  replica: (tenantId: string) => `tenant-${tenantId}-replica`,
  /** The instance that RDS restores beside the tenant's own; the break-glass role may change instances of such names. */
  restored: (tenantId: string) => `tenant-${tenantId}-restored`,
  /** The PostgreSQL user that the shared service logs in as, by IAM authentication. */
  databaseUser: (tenantId: string) => `app_${tenantId}`,
  /** The PostgreSQL user that only reads, by IAM authentication: of the primary and of the replica. */
  databaseReader: (tenantId: string) => `read_${tenantId}`,
} as const;

interface Cluster {
  readonly clusterName: string;
}

/**
 * The family in which a cell's template registers its task definition. No service names it: a
 * deployment changes what the next release runs, and never what a colour runs now.
 */
export const taskFamily = ({ clusterName }: Cluster) => clusterName;

/** No customer's subdomain is so long (contract/signup.ts), so no signup can ask for it, or have it already. */
export const ringZeroHost = (cell: string, domain: string) =>
  `ring-zero-of-cell-${cell}-belongs-to-no-customer.${domain}`;

/** Of the listener rule of that host. Priorities below the cell's `firstPriority` are no tenants' slots. The colours' own rules have 1 and 2. */
export const RING_ZERO_PRIORITY = 3;

/** The family that a colour's service names. SeedTasks and releases register in it. */
export const colourFamily = ({ clusterName }: Cluster, colour: string) => `${clusterName}-${colour}`;
