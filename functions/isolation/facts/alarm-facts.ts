import type { MetricAlarm } from '@aws-sdk/client-cloudwatch';
import { tenantNames } from '../../contract/naming';
import { NotAsked } from '../check';
import { type Subject, tenantIdOf } from '../subject';
import { readOnce } from './reading';

/** Alarms on metrics whose names begin so. */
export type FindAlarms = (prefix: string) => Promise<readonly MetricAlarm[]>;

export interface AlarmFacts {
  /** The alarms of the tenant's database stack, and whatever else has a name like theirs. */
  readonly ofDatabase: () => Promise<readonly MetricAlarm[]>;
}

/** CloudFormation's names begin with the stack's. */
export const alarmsPrefix = (subject: Subject) => `${tenantNames.stack(tenantIdOf(subject), 'database')}-`;

/** @param find of an audit: the alarms of a new tenant are as its stack has just made them, and CloudWatch's client is large */
export const alarmFacts = (find: FindAlarms | undefined, subject: Subject): AlarmFacts => ({
  ofDatabase: readOnce(async () => {
    if (!find) throw new NotAsked('only an audit asks about alarms: the stack of a new tenant has just made them');
    return await find(alarmsPrefix(subject));
  }),
});
