import { DescribeAccountLimitsCommand, ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { DescribeOrderableDBInstanceOptionsCommand, RDSClient } from '@aws-sdk/client-rds';
import {
  GetAWSDefaultServiceQuotaCommand,
  GetServiceQuotaCommand,
  ServiceQuotasClient,
} from '@aws-sdk/client-service-quotas';
import { type Emulator, startEmulator } from '../emulator';
import { access, control } from './aws';

let emulator: Emulator;
beforeAll(async () => {
  emulator = await startEmulator({ patience: 0 });
}, 60_000);
afterAll(() => emulator.stop());

test('Service Quotas returns the value that a test has set, and no quota for an unknown code', async () => {
  const quotas = new ServiceQuotasClient(access(emulator));
  const vpcs = { ServiceCode: 'vpc', QuotaCode: 'L-F678F1CE' };
  const before = await quotas.send(new GetServiceQuotaCommand(vpcs));
  expect(before.Quota).toMatchObject({ QuotaName: 'VPCs per Region', Value: 1_000_000 });
  await control(emulator, 'quotas', { service: 'vpc', code: 'L-F678F1CE', value: 5 });
  expect((await quotas.send(new GetServiceQuotaCommand(vpcs))).Quota?.Value).toBe(5);
  expect((await quotas.send(new GetAWSDefaultServiceQuotaCommand(vpcs))).Quota?.Value).toBe(1_000_000);
  await expect(quotas.send(new GetServiceQuotaCommand({ ...vpcs, QuotaCode: 'L-0' }))).rejects.toMatchObject({
    name: 'NoSuchResourceException',
  });
});

test('Elastic Load Balancing tells how many rules a load balancer may have', async () => {
  const elb = new ElasticLoadBalancingV2Client(access(emulator));
  const { Limits } = await elb.send(new DescribeAccountLimitsCommand({}));
  expect(Limits).toContainEqual({ Name: 'rules-per-application-load-balancer', Max: '1000000' });
});

test('RDS offers PostgreSQL 18 on gp3 in three zones, and returns nothing for an instance class that it lacks', async () => {
  const rds = new RDSClient(access(emulator));
  const offers = async (DBInstanceClass: string) =>
    (await rds.send(new DescribeOrderableDBInstanceOptionsCommand({ Engine: 'postgres', DBInstanceClass })))
      .OrderableDBInstanceOptions ?? [];
  const [newest] = await offers('db.r6g.large');
  expect(newest).toMatchObject({ EngineVersion: '18.3', StorageType: 'gp3', MultiAZCapable: true });
  expect(newest?.AvailabilityZones).toHaveLength(3);
  await control(emulator, 'database-offers', { class: 'db.r6g.large', offered: false });
  expect(await offers('db.r6g.large')).toEqual([]);
});
