import {
  GetAWSDefaultServiceQuotaCommand,
  GetServiceQuotaCommand,
  type ServiceQuotasClient,
} from '@aws-sdk/client-service-quotas';
import { isNamed } from '../../functions/shared/is-named';
import { repeated } from '../../functions/shared/repeated';
import { settled } from '../../functions/shared/settled';
import { cellCapacity } from '../config/cell-capacity';
import type { StageConfig } from '../config/stages';
import { asked, type Finding, failed, ok } from './finding';

/** A quota with its codes in Service Quotas, and the value that the stage needs. */
export interface NeededQuota {
  readonly service: string;
  readonly code: string;
  readonly name: string;
  readonly needed: number;
  /** Service Quotas has IAM's quotas in us-east-1 only. */
  readonly isGlobal?: boolean;
}

/** Stacks of no tenant: foundation, control plane, delivery, bootstrap. Each cell has one more. */
const OWN_STACKS = 4;
const STACKS_A_TENANT = 4;
/**
 * Simultaneous function invocations of a stage: fifty onboardings with two branches each, and
 * functions that events and schedules call. A new account may begin with 10 ("Lambda quotas").
 */
const FUNCTIONS_AT_ONCE = 120;
/** While a release moves tenants, both colours of a cell have tasks. */
const COLOURS = 2;
const UNITS_A_VCPU = 1024;

/** The quotas that the stage's configuration relies on. */
export function neededQuotas(config: StageConfig): NeededQuota[] {
  const { cells, regionQuotas } = config;
  const tenants = cells.reduce((sum, cell) => sum + cellCapacity(cell, config), 0);
  const addresses = cells.reduce((sum, { natGateways }) => sum + natGateways, 0);
  const vcpus = cells.reduce((sum, { service }) => sum + (service.cpu / UNITS_A_VCPU) * service.liveTasks.max, 0);
  const peerings = Math.max(...cells.map(({ quotas }) => quotas.peeringsPerVpc));
  const routes = Math.max(...cells.map(({ quotas }) => quotas.routesPerRouteTable));
  return [
    { service: 'vpc', code: 'L-F678F1CE', name: 'VPCs per Region', needed: regionQuotas.vpcs },
    {
      service: 'vpc',
      code: 'L-1B52E74A',
      name: 'Gateway VPC endpoints per Region',
      needed: regionQuotas.gatewayEndpoints,
    },
    { service: 'vpc', code: 'L-7E9ECCDB', name: 'Active VPC peering connections per VPC', needed: peerings },
    { service: 'vpc', code: 'L-93826ACB', name: 'Routes per route table', needed: routes },
    { service: 'ec2', code: 'L-0263D0A3', name: 'EC2-VPC Elastic IPs', needed: addresses },
    { service: 'lambda', code: 'L-B99A9384', name: 'Concurrent executions', needed: FUNCTIONS_AT_ONCE },
    {
      service: 'fargate',
      code: 'L-3032A538',
      name: 'Fargate On-Demand vCPU resource count',
      needed: Math.ceil(COLOURS * vcpus),
    },
    { service: 'rds', code: 'L-7B6409FD', name: 'DB instances', needed: regionQuotas.databaseInstances },
    { service: 'rds', code: 'L-48C6BF61', name: 'DB subnet groups', needed: regionQuotas.databaseSubnetGroups },
    { service: 'rds', code: 'L-DE55804A', name: 'Parameter groups', needed: regionQuotas.databaseParameterGroups },
    { service: 'iam', code: 'L-FE177D64', name: 'Roles per account', needed: regionQuotas.roles, isGlobal: true },
    {
      service: 'cloudformation',
      code: 'L-0485CB21',
      name: 'Stack count',
      needed: OWN_STACKS + cells.length + STACKS_A_TENANT * tenants,
    },
  ];
}

export interface QuotaClients {
  readonly regional: Pick<ServiceQuotasClient, 'send'>;
  readonly global: Pick<ServiceQuotasClient, 'send'>;
}

/** A quota that was never changed may have a default value only ("GetServiceQuota", NoSuchResourceException). */
async function appliedValue(client: QuotaClients['regional'], { service, code }: NeededQuota): Promise<number> {
  const request = { ServiceCode: service, QuotaCode: code };
  const answer = await client.send(new GetServiceQuotaCommand(request)).catch((thrown: unknown) => {
    if (isNamed(thrown, 'NoSuchResourceException')) return client.send(new GetAWSDefaultServiceQuotaCommand(request));
    throw thrown;
  });
  const value = answer.Quota?.Value;
  if (value === undefined) throw new Error(`Service Quotas tells no value of ${service} ${code}`);
  return value;
}

async function quotaFinding(clients: QuotaClients, quota: NeededQuota, subject: string): Promise<Finding> {
  const client = quota.isGlobal ? clients.global : clients.regional;
  const value = await repeated(() => appliedValue(client, quota));
  if (value >= quota.needed) return ok(subject, `${value}, the stage needs ${quota.needed}`);
  return failed(
    subject,
    `${value}, but the stage needs ${quota.needed}: have it raised in Service Quotas ` +
      `(${quota.service} ${quota.code}), or make the stage's cells smaller`,
  );
}

/**
 * Checks that the account has the quotas that the stage relies on. The configured values decide
 * the cells' capacity. One that AWS does not tell, such as those of IAM where the organization allows no other Region than the
 * stage's, hides no other one.
 */
export async function quotaFindings(clients: QuotaClients, config: StageConfig): Promise<Finding[]> {
  const answers = neededQuotas(config).map((quota) => {
    const subject = `quota ${quota.name}`;
    return asked(subject, async () => [await quotaFinding(clients, quota, subject)]);
  });
  return (await settled(answers)).flat();
}
