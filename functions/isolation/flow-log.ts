import type { FlowLog } from '@aws-sdk/client-ec2';
import type { PlacedByOrganization } from '../contract/placed-by-organization';

/** "Flow log limitations": CloudWatch Logs took too much at once, and takes more soon. */
const PASSES = 'Rate limited';

/** Fields without which a record does not say who has talked to whom ("Flow log records"). */
const LOGGED = ['srcaddr', 'dstaddr', 'dstport', 'action'];

/** The account of the destination; a log group that is named without one is the account's own. */
const accountOf = ({ LogDestination }: FlowLog, accountId: string) => LogDestination?.split(':')[4] || accountId;

/** Whether a flow log keeps its records in a log group of the account. A bucket or a stream may be anybody's. */
export const staysInAccount = (log: FlowLog, accountId: string): boolean =>
  log.LogDestinationType === 'cloud-watch-logs' &&
  log.DeliverCrossAccountRole === undefined &&
  accountOf(log, accountId) === accountId;

/** Whether the organization sends it to a place on the stage's list. A flow log may name a folder of a bucket. */
export const isPlaced = ({ LogDestination = '' }: FlowLog, { flowLogs }: PlacedByOrganization): boolean =>
  flowLogs.some((arn) => LogDestination === arn || LogDestination.startsWith(`${arn}/`));

/** How a flow log differs that sends to a group of the right name: the group may be another account's. */
export function differencesOf(log: FlowLog, accountId: string): string[] {
  const { FlowLogId, LogFormat, LogDestination, DeliverCrossAccountRole } = log;
  return [
    ...(DeliverCrossAccountRole ? [`flow log ${FlowLogId} delivers by ${DeliverCrossAccountRole}`] : []),
    ...(accountOf(log, accountId) === accountId ? [] : [`flow log ${FlowLogId} sends traffic to ${LogDestination}`]),
    ...(LogFormat === undefined ? [] : LOGGED.filter((field) => !LogFormat.includes(`{${field}}`))).map(
      (field) => `flow log ${FlowLogId} leaves ${field} out`,
    ),
  ];
}

/** A violation when nothing arrives. */
export const undelivered = ({ FlowLogId, DeliverLogsStatus, DeliverLogsErrorMessage }: FlowLog): string[] =>
  DeliverLogsStatus === 'FAILED' && DeliverLogsErrorMessage !== PASSES
    ? [`flow log ${FlowLogId} delivers nothing: ${DeliverLogsErrorMessage}`]
    : [];
