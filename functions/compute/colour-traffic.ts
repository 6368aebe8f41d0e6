import {
  type CloudWatchClient,
  GetMetricDataCommand,
  type Metric,
  type MetricDataQuery,
} from '@aws-sdk/client-cloudwatch';
import { type CellDescriptor, type Colour, ColourSchema } from '../contract/cell';

/** What CloudWatch tells about one colour of a cell, over some whole minutes. */
export interface Traffic {
  readonly requests: number;
  /** Answers 5xx of the colour's own tasks. */
  readonly failed: number;
  /** Requests for which the load balancer could not connect to a task. */
  readonly unconnected: number;
  /** Seconds; undefined without a request. */
  readonly p95: number | undefined;
  readonly p99: number | undefined;
  /** The fullest task in the newest minute, per cent of its memory; undefined when no task has reported. */
  readonly memory: number | undefined;
}

const PERIOD_SECONDS = 60;

/** Query id -> metric and statistic. */
const OF_LOAD_BALANCER = {
  requests: ['RequestCount', 'Sum'],
  failed: ['HTTPCode_Target_5XX_Count', 'Sum'],
  unconnected: ['TargetConnectionErrorCount', 'Sum'],
  p95: ['TargetResponseTime', 'p95'],
  p99: ['TargetResponseTime', 'p99'],
} as const;

/** The dimension of a target group is `targetgroup/NAME/ID`, that of a load balancer `app/NAME/ID`. */
function dimensionsOf({ loadBalancerArn, targetGroupArns }: CellDescriptor, colour: Colour) {
  return [
    { Name: 'LoadBalancer', Value: loadBalancerArn.split(':loadbalancer/')[1] },
    { Name: 'TargetGroup', Value: targetGroupArns[colour].split(':').at(-1) },
  ];
}

function queriesOf(cell: CellDescriptor, colour: Colour): MetricDataQuery[] {
  const query = (id: string, Stat: string, Metric: Metric) => ({
    Id: `${colour}_${id}`,
    MetricStat: { Metric, Period: PERIOD_SECONDS, Stat },
  });
  const Dimensions = dimensionsOf(cell, colour);
  return [
    ...Object.entries(OF_LOAD_BALANCER).map(([id, [MetricName, statistic]]) =>
      query(id, statistic, { Namespace: 'AWS/ApplicationELB', MetricName, Dimensions }),
    ),
    query('memory', 'Maximum', {
      ...{ Namespace: 'AWS/ECS', MetricName: 'MemoryUtilization' },
      Dimensions: [
        { Name: 'ClusterName', Value: cell.clusterName },
        { Name: 'ServiceName', Value: cell.services[colour] },
      ],
    }),
  ];
}

/** Values by the minute in which they were measured, oldest first. */
type Minutes = ReadonlyMap<number, number>;

const sum = (minutes: Minutes) => [...minutes.values()].reduce((all, one) => all + one, 0);

/** Percentiles of minutes cannot be added. Each minute counts as much as it has requests. */
function weighted(percentile: Minutes, requests: Minutes): number | undefined {
  const counted = [...percentile].map(([at, value]) => ({ value, weight: requests.get(at) ?? 0 }));
  const weight = counted.reduce((all, one) => all + one.weight, 0);
  return weight > 0 ? counted.reduce((all, one) => all + one.value * one.weight, 0) / weight : undefined;
}

async function minutesOf(
  cloudwatch: Pick<CloudWatchClient, 'send'>,
  MetricDataQueries: MetricDataQuery[],
  StartTime: Date,
  EndTime: Date,
): Promise<ReadonlyMap<string, Minutes>> {
  const found = new Map<string, Map<number, number>>();
  let NextToken: string | undefined;
  do {
    const answer = await cloudwatch.send(
      new GetMetricDataCommand({ MetricDataQueries, StartTime, EndTime, ScanBy: 'TimestampAscending', NextToken }),
    );
    for (const { Id = '', Timestamps = [], Values = [] } of answer.MetricDataResults ?? []) {
      const minutes = found.get(Id) ?? new Map<number, number>();
      for (const [index, at] of Timestamps.entries()) minutes.set(at.getTime(), Values[index] ?? 0);
      found.set(Id, minutes);
    }
    ({ NextToken } = answer);
  } while (NextToken);
  return found;
}

/**
 * What both colours' requests were like since a moment, by the load balancer's own count. The first
 * minute is the one that begins after that moment: no request from before counts.
 *
 * "CloudWatch metrics for your Application Load Balancer": one value a minute, none without requests;
 * a minute may be told only after two more. "Amazon ECS CloudWatch metrics": MemoryUtilization of a
 * service, one value a minute.
 */
export async function trafficSince(
  cloudwatch: Pick<CloudWatchClient, 'send'>,
  cell: CellDescriptor,
  since: Date,
  now: Date,
): Promise<Readonly<Record<Colour, Traffic>>> {
  const minute = PERIOD_SECONDS * 1000;
  const start = new Date(Math.ceil(since.getTime() / minute) * minute);
  const queries = ColourSchema.options.flatMap((colour) => queriesOf(cell, colour));
  const found = start < now ? await minutesOf(cloudwatch, queries, start, now) : new Map<string, Minutes>();
  const trafficOf = (colour: Colour): Traffic => {
    const minutes = (id: string): Minutes => found.get(`${colour}_${id}`) ?? new Map();
    const requests = minutes('requests');
    return {
      requests: sum(requests),
      failed: sum(minutes('failed')),
      unconnected: sum(minutes('unconnected')),
      p95: weighted(minutes('p95'), requests),
      p99: weighted(minutes('p99'), requests),
      memory: [...minutes('memory').values()].at(-1),
    };
  };
  return { blue: trafficOf('blue'), green: trafficOf('green') };
}
