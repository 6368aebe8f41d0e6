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
  /** The one block that covers the three application subnets: the first quarter of the VPC's block. */
  readonly appCidr: string;
  /** Out of it each slot takes its /24. Must not meet a cell's VPC: peering refuses overlapping blocks. */
  readonly tenantRange: string;
  readonly quotas: CellQuotas;
  readonly firstPriority: number;
  /** One per AZ keeps an AZ's outage to itself; 0 for the emulator alone, where no task runs in the VPC. */
  readonly natGateways: number;
  readonly service: {
    readonly cpu: number;
    readonly memoryMiB: number;
    /** Tasks of a colour that is live: at least, and at most under load. The idle colour has none. */
    readonly liveTasks: { readonly min: number; readonly max: number };
  };
}

/**
 * The public hosted zone with tenants' DNS records: one that the stage's own stack makes for DOMAIN, or one that the account
 * has already, of DOMAIN or of a domain above it. Whoever owns the domain above delegates to the zone's name servers.
 */
export type HostedZoneConfig =
  | { readonly from: 'stack' }
  | { readonly from: 'account'; readonly zoneId: string; readonly zoneName: string };

/** AWS's managed rules, and a limit for each address. */
export interface WebAclConfig {
  /** Requests that one IP address may send in five minutes; further ones get 403. */
  readonly requestsPerFiveMinutes: number;
}

/** The shared service's image: built by Docker at deploy time, or one that a registry has already. */
export type ServiceImage = { readonly from: 'dockerfile' } | { readonly from: 'registry'; readonly uri: string };

export interface StageConfig {
  readonly env: { readonly account: string; readonly region: string };
  /** Named here, because a lookup would make synthesis depend on credentials. */
  readonly availabilityZones: readonly [string, string, string];
  /** Tenants get SUBDOMAIN.DOMAIN. */
  readonly domain: string;
  readonly urlScheme: 'https' | 'http';
  /** Port in tenants' URLs, where a front stands before the load balancers; by default the scheme's own. */
  readonly urlPort?: number;
  /** A web ACL in front of each load balancer; none where it is left out. */
  readonly webAcl?: WebAclConfig;
  /**
   * Without one people make a record by hand, `*.DOMAIN` to the load balancer of the one cell: two cells cannot share a
   * wildcard.
   */
  readonly hostedZone?: HostedZoneConfig;
  /** An ACM certificate for *.DOMAIN; without one the load balancer speaks plain HTTP. */
  readonly certificateArn?: string;
  /** Of AWS Organizations, for tenants' keys; without it CreateTenantKey asks. */
  readonly organizationId?: string;
  /** The only account, besides this stage's own, that may put signups on the bus. */
  readonly billingAccountId: string;
  readonly cells: readonly CellConfig[];
  /** What the account may have in the region, as Service Quotas tells it: shared by the tenants of all cells. */
  readonly regionQuotas: RegionQuotas;
  /** What starts releases when an image is pushed; by hand alone where it is left out. `approval`: a person decides first. */
  readonly pipeline?: { readonly approval: boolean };
  /** Releases of the shared service. */
  readonly release: {
    /** How long each ring of tenants has to prove itself before the next one is moved. */
    readonly bake: Duration;
    /** How long a cell keeps the version that serves no tenant any more. */
    readonly grace: Duration;
    /**
     * How long load balancers may go on sending requests to a colour that tenants' rules have left (reports from the field:
     * argo-rollouts#3333, two minutes cure it). No other version runs there before.
     */
    readonly propagation: Duration;
  };
  /** What becomes of a failed run's resources: undone, or kept for a redrive. */
  readonly onFailure: 'rollback' | 'hold';
  /** What the daily audit does about a tenant in service that is not isolated any more, besides the alarm. */
  readonly onBreach: OnBreach;
  /**
   * What the organization places in tenants' VPCs and on tenants' keys: the checks accept it, and find the same thing when a
   * stranger places it.
   */
  readonly placedByOrganization: PlacedByOrganization;
  /**
   * The brake of the audit: if more tenants than these, or a tenth of a cell, would be suspended for the same check, none is.
   */
  readonly maxSuspensions: number;
  /** Tenants that the audit verifies at the same time: each is some hundred calls of AWS's APIs, which throttle per account. */
  readonly auditsAtOnce: number;
  /**
   * How long no principal can remove a report of isolation checks. Governance mode yields to `s3:BypassGovernanceRetention`,
   * so that a stage can be taken down; compliance mode binds every principal, root included, and cannot be shortened.
   */
  readonly evidence: ObjectLockRetention;
  /** What belongs to no living tenant is reported; `remove`: what a failed onboarding has left is removed, too. */
  readonly orphans: 'report' | 'remove';
  readonly alarmEmail?: string;
  /** Where people read docs/runbook.md: alarms link to its sections. Without it, alarms name the path in the repository. */
  readonly runbookUrl?: string;
  /** A run older than this is late. A Multi-AZ database with a replica takes most of it. */
  readonly maxOnboardingMinutes: number;
  readonly logRetention: RetentionDays;
  /** What becomes of tables, keys and logs when their stack is deleted. */
  readonly removalPolicy: RemovalPolicy;
  readonly deletionProtection: boolean;
  readonly tracing: boolean;
  readonly image: ServiceImage;
  /** The emulator has no bootstrap roles to assume: its credentials are used as they are. */
  readonly credentials: 'bootstrap-roles' | 'cli';
  readonly drainTargetsFor: Duration;
}

/**
 * Quotas per cell, as the account has them (Service Quotas console), not as we wish them:
 * - rules per Application Load Balancer: 100 without the default ones, adjustable ("Quotas for your Application Load Balancers");
 * - active VPC peering connections per VPC: 50, at most 125; routes per route table: 50 in older accounts, 500 by
 *   default now, at most 1,000 ("Amazon VPC quotas");
 * - target groups per Application Load Balancer: 100, fixed. A cell has two, whatever its number of tenants.
 */
const AWS_DEFAULT_QUOTAS: CellQuotas = { rulesPerLoadBalancer: 100, peeringsPerVpc: 50, routesPerRouteTable: 50 };
const RAISED_QUOTAS: CellQuotas = { rulesPerLoadBalancer: 200, peeringsPerVpc: 125, routesPerRouteTable: 200 };
const NO_QUOTAS: CellQuotas = { rulesPerLoadBalancer: 1002, peeringsPerVpc: 1000, routesPerRouteTable: 1004 };

/**
 * Quotas per account and region, each of them adjustable:
 * - VPCs: 5 ("Amazon VPC quotas"); gateway endpoints: 20 ("AWS PrivateLink quotas");
 * - DB instances: 40; DB subnet groups and parameter groups: 50 each ("Quotas and constraints for Amazon RDS");
 * - roles per account: 1,000 ("IAM and AWS STS quotas").
 * The defaults hold three tenants: the VPCs end first.
 */
const AWS_DEFAULT_REGION_QUOTAS: RegionQuotas = {
  vpcs: 5,
  gatewayEndpoints: 20,
  databaseInstances: 40,
  databaseSubnetGroups: 50,
  databaseParameterGroups: 50,
  roles: 1000,
};
/** Of an account in which as many tenants fit as one cell has peerings for. */
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
};

const FIRST_CELL = {
  name: 'c1',
  vpcCidr: '10.0.0.0/16',
  appCidr: '10.0.0.0/18',
  tenantRange: '10.64.0.0/12',
  firstPriority: 100,
} as const;

/** Cells as large as AWS lets them be, for as many tenants as one cell cannot take. */
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
    release: { bake: Duration.seconds(1), grace: Duration.seconds(10), propagation: Duration.seconds(2) },
    onFailure: 'rollback',
    orphans: 'report',
    onBreach: 'alarm',
    placedByOrganization: GUARDDUTY_AND_BACKUP,
    maxSuspensions: 3,
    auditsAtOnce: 4,
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
  // The account ids of dev and prod are those of AWS's documentation: put yours here before the first deployment.
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
    pipeline: { approval: false },
    release: { bake: Duration.minutes(2), grace: Duration.hours(1), propagation: Duration.minutes(2) },
    onFailure: 'hold',
    orphans: 'remove',
    onBreach: 'suspend',
    placedByOrganization: GUARDDUTY_AND_BACKUP,
    maxSuspensions: 3,
    auditsAtOnce: 4,
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
    // A customer's site goes down by a person's decision, and not by a check's.
    onBreach: 'alarm',
    placedByOrganization: GUARDDUTY_AND_BACKUP,
    maxSuspensions: 3,
    auditsAtOnce: 8,
    // The twelve months that a SOC 2 Type II report looks at, and the time to write it.
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
