import type { FlowLog, NetworkInterface } from '@aws-sdk/client-ec2';
import * as z from 'zod';
import { differencesOf, isPlaced, staysInAccount, undelivered } from '../flow-log';
import type { ExpectedResource } from '../release/resolve-template';
import { idsOf, ofType } from './expected-of';
import type { PlatformSurroundings } from './surroundings';

const FlowLogSchema = z.object({ ResourceId: z.string(), TrafficType: z.string(), LogGroupName: z.string() });
type Expected = z.output<typeof FlowLogSchema>;

const isMade = (log: FlowLog, { ResourceId, TrafficType, LogGroupName }: Expected) =>
  log.ResourceId === ResourceId && log.TrafficType === TrafficType && log.LogGroupName === LogGroupName;

/** Network, subnets and interfaces of a cell: each may have flow logs of its own. */
const idsIn = (resources: readonly ExpectedResource[], interfaces: readonly NetworkInterface[]) => [
  ...['AWS::EC2::VPC', 'AWS::EC2::Subnet'].flatMap((type) => idsOf(resources, type)),
  ...interfaces.map(({ NetworkInterfaceId }) => NetworkInterfaceId),
];

/**
 * How the flow logs of a cell's network differ from those of its stack. Somebody of this account may make one more, into a
 * log group of the account, or the stack's anew. The organization's places are on the stage's list.
 *
 * @param logs of the account
 */
export function flowLogViolations(
  logs: readonly FlowLog[],
  interfaces: readonly NetworkInterface[],
  resources: readonly ExpectedResource[],
  { accountId, placed }: PlatformSurroundings,
): string[] {
  const expected = ofType(resources, 'AWS::EC2::FlowLog').map(({ properties }) => FlowLogSchema.parse(properties));
  const ids = idsIn(resources, interfaces);
  const ofCell = logs.filter(({ ResourceId }) => ids.includes(ResourceId));
  const own = ofCell.filter((log) => expected.some((each) => isMade(log, each)));
  return [
    ...expected
      .filter((each) => !own.some((log) => isMade(log, each) && log.FlowLogStatus === 'ACTIVE'))
      .map((each) => `no active flow log sends ${each.TrafficType} of ${each.ResourceId} to ${each.LogGroupName}`),
    ...own.flatMap((log) => [...differencesOf(log, accountId), ...undelivered(log)]),
    ...ofCell
      .filter((log) => !own.includes(log) && !isPlaced(log, placed) && !staysInAccount(log, accountId))
      .map(
        ({ FlowLogId, ResourceId, LogDestination, LogGroupName }) =>
          `flow log ${FlowLogId} of ${ResourceId} sends traffic to ${LogDestination || LogGroupName}`,
      ),
  ];
}
