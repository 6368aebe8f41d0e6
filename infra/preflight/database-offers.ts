import { paginateDescribeOrderableDBInstanceOptions, type RDSClient } from '@aws-sdk/client-rds';
import { ENGINE, SIZINGS } from '../../functions/contract/plans';
import { everyItem } from '../../functions/shared/paging';
import { settled } from '../../functions/shared/settled';
import type { StageConfig } from '../config/stages';
import { asked, type Finding, failed, ok } from './finding';

async function offerFinding(
  rds: RDSClient,
  { instanceClass, multiAz, replicas }: (typeof SIZINGS)[keyof typeof SIZINGS],
  zonesOfStage: readonly string[],
  subject: string,
): Promise<Finding> {
  const request = { Engine: ENGINE.name, DBInstanceClass: instanceClass, Vpc: true };
  const options = await everyItem(
    paginateDescribeOrderableDBInstanceOptions({ client: rds }, request),
    ({ OrderableDBInstanceOptions }) => OrderableDBInstanceOptions,
  );
  const what = `${ENGINE.name} ${ENGINE.majorVersion} on ${instanceClass}`;
  const fitting = options.filter(
    (option) =>
      option.EngineVersion?.split('.')[0] === ENGINE.majorVersion &&
      option.StorageType === 'gp3' &&
      (!multiAz || option.MultiAZCapable) &&
      (replicas === 0 || option.ReadReplicaCapable),
  );
  if (fitting.length === 0) return failed(subject, `RDS does not offer ${what} with gp3 storage in this region`);
  const zones = new Set(fitting.flatMap(({ AvailabilityZones = [] }) => AvailabilityZones.map(({ Name }) => Name)));
  const ours = zonesOfStage.filter((zone) => zones.has(zone));
  return ours.length >= 2
    ? ok(subject, `RDS offers ${what} in ${ours.join(', ')}`)
    : failed(subject, `RDS offers ${what} in ${ours.join(', ') || 'none'} of the stage's zones; two are needed`);
}

/**
 * Checks that RDS offers each plan's instance class with the engine's major version, gp3 storage
 * and, where the plan has it, Multi-AZ, in at least two of the stage's zones. This runs once
 * before a deployment, not at each onboarding.
 */
export async function databaseFindings(rds: RDSClient, { availabilityZones }: StageConfig): Promise<Finding[]> {
  const answers = Object.entries(SIZINGS).map(([plan, sizing]) => {
    const subject = `database of plan ${plan}`;
    return asked(subject, async () => [await offerFinding(rds, sizing, availabilityZones, subject)]);
  });
  return (await settled(answers)).flat();
}
