import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { ObjectLockRetention } from 'aws-cdk-lib/aws-s3';
import type { OnBreach } from '../../functions/contract/audit';
import type { PlacedByOrganization } from '../../functions/contract/placed-by-organization';
import type { CellQuotas } from './cell-capacity';
import { environments, STAGES, type Stage } from './environments';
import type { RegionQuotas } from './region-capacity';

export { STAGES, type Stage };

export interface CellConfig {
  /** Part of every name of the cell; lower-case letters and digits, at most 12. */
  readonly name: string;
  readonly vpcCidr: string;
  /** The CIDR block of the three application subnets: the first quarter of the VPC's block. */
  readonly appCidr: string;
  /**
   * Each slot takes a /24 block of this range. It must not overlap a cell's VPC: peering refuses
   * overlapping blocks.
   */
  readonly tenantRange: string;
  readonly quotas: CellQuotas;
  readonly firstPriority: number;
  /**
   * One per zone limits the outage of a zone to that zone. 0 only for the emulator, where no task
   * runs in the VPC.
   */
  readonly natGateways: number;
  readonly service: {
    readonly cpu: number;
    readonly memoryMiB: number;
    /** Least and greatest number of tasks of a live colour. The idle colour has none. */
    readonly liveTasks: { readonly min: number; readonly max: number };
  };
}

/**
 * The public hosted zone with tenants' DNS records. Either the stage's own stack makes it for
 * DOMAIN, or the account has it already, for DOMAIN or a domain above it. The owner of the domain
 * above delegates to the zone's name servers.
 */
export type HostedZoneConfig =
  | { readonly from: 'stack' }
  | { readonly from: 'account'; readonly zoneId: string; readonly zoneName: string };

/** AWS's managed rules, and a limit for each address. */
export interface WebAclConfig {
  /** Requests that one IP address may send in five minutes; further ones get 403. */
  readonly requestsPerFiveMinutes: number;
}

/**
 * The code of the shared service. A person makes the connection in the console, because its
 * provider asks for a consent ("Connection to GitHub using GitHub App").
 */
export interface ImageSource {
  /** `https://github.com/OWNER/NAME.git` */
  readonly repositoryUrl: string;
  readonly branch: string;
  /** `arn:aws:codeconnections:REGION:ACCOUNT:connection/ID` */
  readonly connectionArn: string;
}

/** The shared service's image: built by Docker at deploy time, or one that a registry has already. */
export type ServiceImage = { readonly from: 'dockerfile' } | { readonly from: 'registry'; readonly uri: string };

export interface StageConfig {
  readonly env: { readonly account: string; readonly region: string };
  /** Zones are configured, because a look-up would make synthesis depend on credentials. */
  readonly availabilityZones: readonly [string, string, string];
  /** Tenants get SUBDOMAIN.DOMAIN. */
  readonly domain: string;
  readonly urlScheme: 'https' | 'http';
  /**
   * Port in tenants' URLs, when a proxy stands before the load balancers. Default: the port of the
   * scheme.
   */
  readonly urlPort?: number;
  /** Puts a web ACL in front of each load balancer. */
  readonly webAcl?: WebAclConfig;
  /**
   * Without a hosted zone a person makes the record `*.DOMAIN` for the load balancer of the only
   * cell: two cells cannot share a wildcard.
   */
  readonly hostedZone?: HostedZoneConfig;
  /** An ACM certificate for *.DOMAIN. Without one the load balancer uses plain HTTP. */
  readonly certificateArn?: string;
  /**
   * Id of the AWS organization, for tenants' key policies. Without it CreateTenantKey asks AWS
   * Organizations.
   */
  readonly organizationId?: string;
  /** The only account, besides this stage's own, that may put signups on the bus. */
  readonly billingAccountId: string;
  readonly cells: readonly CellConfig[];
  /**
   * Quotas of the account in the region, as Service Quotas shows them. The tenants of all cells
   * share them.
   */
  readonly regionQuotas: RegionQuotas;
  /**
   * Starts releases when an image is pushed. `approval`: a person must approve first. `build`:
   * where the image is built from, whenever the branch changes; without it images are pushed from
   * elsewhere.
   */
  readonly pipeline: { readonly approval: boolean; readonly build?: ImageSource };
  /** Releases of the shared service. */
  readonly release: {
    /** How long each ring of tenants is observed before the next one is moved. */
    readonly bake: Duration;
    /** How long a cell keeps the version that no longer serves any tenant. */
    readonly grace: Duration;
    /**
     * How long load balancers may still send requests to a colour after tenants' rules have left
     * it (reports from the field: argo-rollouts#3333, two minutes cure it). No other version runs
     * there during that time.
     */
    readonly propagation: Duration;
  };
  /** What happens to a failed run's resources: they are undone, or kept for a redrive. */
  readonly onFailure: 'rollback' | 'hold';
  /**
   * What the daily audit does, besides the alarm, about a tenant in service that is no longer
   * isolated.
   */
  readonly onBreach: OnBreach;
  /**
   * Resources that the organization places in tenants' VPCs and on tenants' keys. The checks
   * accept these, and report the same resources when anybody else has placed them.
   */
  readonly placedByOrganization: PlacedByOrganization;
  /**
   * The audit's limit: if one check would suspend more tenants than this, or a tenth of a cell, it
   * suspends none.
   */
  readonly maxSuspensions: number;
  /**
   * Tenants that the audit verifies in parallel. Each takes some hundred calls of APIs that
   * throttle per account.
   */
  readonly auditsAtOnce: number;
  /** Databases that a migration of a cell works on in parallel; an inline Map allows 40. */
  readonly migrationsAtOnce: number;
  /**
   * How long one call of a restore copies rows. A call may take COPY_SECONDS in all (functions/contract/time-limits.ts): the
   * rest is for its last chunk.
   */
  readonly copyFor: Duration;
  /**
   * For how long no principal can remove a report of isolation checks. Governance mode can be
   * overridden with `s3:BypassGovernanceRetention`, so a stage can be taken down. Compliance mode
   * binds every principal, root included.
   */
  readonly evidence: ObjectLockRetention;
  /**
   * `report`: resources of no existing tenant are reported. `remove`: those of a failed onboarding
   * are also removed.
   */
  readonly orphans: 'report' | 'remove';
  readonly alarmEmail?: string;
  /**
   * Address of docs/runbook.md, to which alarms link. Without it, alarms name the path in the
   * repository.
   */
  readonly runbookUrl?: string;
  /** A run older than this is late. A Multi-AZ database with a replica takes most of this time. */
  readonly maxOnboardingMinutes: number;
  readonly logRetention: RetentionDays;
  /** What happens to tables, keys and logs when their stack is deleted. */
  readonly removalPolicy: RemovalPolicy;
  readonly deletionProtection: boolean;
  readonly tracing: boolean;
  readonly image: ServiceImage;
  /** The emulator has no bootstrap roles: deployments use the credentials of the command line. */
  readonly credentials: 'bootstrap-roles' | 'cli';
  readonly drainTargetsFor: Duration;
}

/**
 * Quotas per cell, as the account really has them (Service Quotas console):
 * - rules per Application Load Balancer: 100 without the default ones, adjustable ("Quotas for
 *   your Application Load Balancers");
 * - active VPC peering connections per VPC: 50, at most 125; routes per route table: 50 in older
 *   accounts, 500 by default now, at most 1,000 ("Amazon VPC quotas");
 * - target groups per Application Load Balancer: 100, fixed. A cell has two, whatever its number
 *   of tenants.
 */
const AWS_DEFAULT_QUOTAS: CellQuotas = { rulesPerLoadBalancer: 100, peeringsPerVpc: 50, routesPerRouteTable: 50 };
const RAISED_QUOTAS: CellQuotas = { rulesPerLoadBalancer: 200, peeringsPerVpc: 125, routesPerRouteTable: 200 };
const NO_QUOTAS: CellQuotas = { rulesPerLoadBalancer: 1002, peeringsPerVpc: 1000, routesPerRouteTable: 1004 };

/**
 * Quotas per account and region, each of them adjustable:
 * - VPCs: 5 ("Amazon VPC quotas"); gateway endpoints: 20 ("AWS PrivateLink quotas");
 * - DB instances: 40; DB subnet groups and parameter groups: 50 each ("Quotas and constraints for
 *   Amazon RDS");
 * - roles per account: 1,000 ("IAM and AWS STS quotas"). With the defaults three tenants fit: the
 *   quota for VPCs is the first to be exhausted.
 */
const AWS_DEFAULT_REGION_QUOTAS: RegionQuotas = {
  vpcs: 5,
  gatewayEndpoints: 20,
  databaseInstances: 40,
  databaseSubnetGroups: 50,
  databaseParameterGroups: 50,
  roles: 1000,
};
/**
 * Quotas of an account that has room for one full cell: as many tenants as the cell can have
 * peerings.
 */
const RAISED_REGION_QUOTAS: RegionQuotas = {
  vpcs: 130,
  gatewayEndpoints: 130,
  databaseInstances: 250,
  databaseSubnetGroups: 130,
  databaseParameterGroups: 130,
  roles: 1000,
};
const NO_REGION_QUOTAS: RegionQuotas = {
  vpcs: 100_000,
  gatewayEndpoints: 100_000,
  databaseInstances: 100_000,
  databaseSubnetGroups: 100_000,
  databaseParameterGroups: 100_000,
  roles: 100_000,
};

/**
 * GuardDuty Runtime Monitoring makes an endpoint in each VPC ("Automated agent configuration"), and AWS Backup uses the keys
 * of what it backs up in its service-linked role ("Using service-linked roles for AWS Backup").
 */
const GUARDDUTY_AND_BACKUP: PlacedByOrganization = {
  endpointServices: ['guardduty-data'],
  keyUsers: ['backup.amazonaws.com/AWSServiceRoleForBackup'],
  backupAccounts: [],
  logReaders: [],
  logDestinations: [],
  tableExports: [],
  webAclLogs: [],
  flowLogs: [],
  eventTopics: [],
  eventTargets: [],
  nameServices: [],
  alarmListeners: [],
  administrators: [],
};

const FIRST_CELL = {
  name: 'c1',
  vpcCidr: '10.0.0.0/16',
  appCidr: '10.0.0.0/18',
  tenantRange: '10.64.0.0/12',
  firstPriority: 100,
} as const;

/** Cells of the greatest size that AWS allows, for more tenants than fit in one. */
export const fullSizeCells = (count: number): CellConfig[] =>
  Array.from({ length: count }, (_, index) => ({
    ...FIRST_CELL,
    name: `c${index + 1}`,
    vpcCidr: `10.${index}.0.0/16`,
    appCidr: `10.${index}.0.0/18`,
    tenantRange: `10.${64 + index}.0.0/16`,
    quotas: RAISED_QUOTAS,
    natGateways: 0,
    service: { cpu: 256, memoryMiB: 512, liveTasks: { min: 1, max: 2 } },
  }));

export const stages: Record<Stage, StageConfig> = {
  local: {
    env: environments.local,
    availabilityZones: ['eu-central-1a', 'eu-central-1b', 'eu-central-1c'],
    domain: 'funnels.localhost',
    urlScheme: 'http',
    hostedZone: { from: 'stack' },
    webAcl: { requestsPerFiveMinutes: 2000 },
    billingAccountId: '000000000000',
    cells: [
      {
        ...FIRST_CELL,
        quotas: NO_QUOTAS,
        natGateways: 0,
        service: { cpu: 256, memoryMiB: 512, liveTasks: { min: 1, max: 2 } },
      },
    ],
    regionQuotas: NO_REGION_QUOTAS,
    pipeline: { approval: true },
    release: { bake: Duration.seconds(1), grace: Duration.seconds(10), propagation: Duration.seconds(2) },
    onFailure: 'rollback',
    orphans: 'report',
    onBreach: 'alarm',
    placedByOrganization: GUARDDUTY_AND_BACKUP,
    maxSuspensions: 3,
    auditsAtOnce: 4,
    migrationsAtOnce: 4,
    copyFor: Duration.minutes(4),
    evidence: ObjectLockRetention.governance(Duration.days(1)),
    maxOnboardingMinutes: 10,
    logRetention: RetentionDays.ONE_WEEK,
    removalPolicy: RemovalPolicy.DESTROY,
    deletionProtection: false,
    tracing: true,
    image: {
      from: 'registry',
      uri: '000000000000.dkr.ecr.eu-central-1.amazonaws.com/cdk-hnb659fds-container-assets-000000000000-eu-central-1:service',
    },
    credentials: 'cli',
    drainTargetsFor: Duration.seconds(0),
  },
  // The account ids of dev and prod are those of AWS's documentation: enter yours before the first
  // deployment.
  dev: {
    env: environments.dev,
    availabilityZones: ['eu-central-1a', 'eu-central-1b', 'eu-central-1c'],
    domain: 'funnels.dev.example.com',
    urlScheme: 'https',
    hostedZone: { from: 'stack' },
    webAcl: { requestsPerFiveMinutes: 2000 },
    certificateArn: 'arn:aws:acm:eu-central-1:111122223333:certificate/00000000-0000-0000-0000-000000000000',
    billingAccountId: '123456789012',
    cells: [
      {
        ...FIRST_CELL,
        quotas: AWS_DEFAULT_QUOTAS,
        natGateways: 1,
        service: { cpu: 256, memoryMiB: 512, liveTasks: { min: 1, max: 4 } },
      },
    ],
    regionQuotas: AWS_DEFAULT_REGION_QUOTAS,
    pipeline: {
      approval: false,
      build: {
        repositoryUrl: 'https://github.com/example/tenant-onboarding.git',
        branch: 'main',
        connectionArn:
          'arn:aws:codeconnections:eu-central-1:111122223333:connection/00000000-0000-0000-0000-000000000000',
      },
    },
    release: { bake: Duration.minutes(2), grace: Duration.hours(1), propagation: Duration.minutes(2) },
    onFailure: 'hold',
    orphans: 'remove',
    onBreach: 'suspend',
    placedByOrganization: GUARDDUTY_AND_BACKUP,
    maxSuspensions: 3,
    auditsAtOnce: 4,
    migrationsAtOnce: 4,
    copyFor: Duration.minutes(4),
    evidence: ObjectLockRetention.governance(Duration.days(7)),
    runbookUrl: 'https://git.example.com/tenant-onboarding/blob/main/docs/runbook.md',
    maxOnboardingMinutes: 60,
    logRetention: RetentionDays.ONE_MONTH,
    removalPolicy: RemovalPolicy.DESTROY,
    deletionProtection: false,
    tracing: true,
    image: { from: 'dockerfile' },
    credentials: 'bootstrap-roles',
    drainTargetsFor: Duration.seconds(10),
  },
  prod: {
    env: environments.prod,
    availabilityZones: ['eu-central-1a', 'eu-central-1b', 'eu-central-1c'],
    domain: 'funnels.example.com',
    urlScheme: 'https',
    hostedZone: { from: 'account', zoneId: 'Z0123456789ABCDEFGHIJ', zoneName: 'example.com' },
    webAcl: { requestsPerFiveMinutes: 2000 },
    certificateArn: 'arn:aws:acm:eu-central-1:444455556666:certificate/00000000-0000-0000-0000-000000000000',
    billingAccountId: '123456789012',
    cells: [
      {
        ...FIRST_CELL,
        quotas: RAISED_QUOTAS,
        natGateways: 3,
        service: { cpu: 1024, memoryMiB: 2048, liveTasks: { min: 3, max: 30 } },
      },
    ],
    regionQuotas: RAISED_REGION_QUOTAS,
    pipeline: { approval: true },
    release: { bake: Duration.hours(1), grace: Duration.hours(24), propagation: Duration.minutes(2) },
    onFailure: 'rollback',
    orphans: 'report',
    // Only a person takes a customer's site out of service, never a check.
    onBreach: 'alarm',
    placedByOrganization: GUARDDUTY_AND_BACKUP,
    maxSuspensions: 3,
    auditsAtOnce: 8,
    migrationsAtOnce: 10,
    copyFor: Duration.minutes(4),
    // Twelve months, the period of a SOC 2 Type II report, and the time to write it.
    evidence: ObjectLockRetention.compliance(Duration.days(550)),
    alarmEmail: 'operations@example.com',
    runbookUrl: 'https://git.example.com/tenant-onboarding/blob/main/docs/runbook.md',
    maxOnboardingMinutes: 60,
    logRetention: RetentionDays.ONE_YEAR,
    removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    deletionProtection: true,
    tracing: true,
    image: { from: 'dockerfile' },
    credentials: 'bootstrap-roles',
    drainTargetsFor: Duration.seconds(60),
  },
};
