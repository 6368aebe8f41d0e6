import { DescribeExecutionCommand, type DescribeExecutionOutput, type SFNClient } from '@aws-sdk/client-sfn';
import { isNoExecution } from './no-execution';

/** @returns undefined for an execution that AWS has deleted, which it does 90 days after its end */
export async function describe(
  machines: Pick<SFNClient, 'send'>,
  executionArn: string,
): Promise<DescribeExecutionOutput | undefined> {
  try {
    return await machines.send(new DescribeExecutionCommand({ executionArn }));
  } catch (thrown) {
    if (isNoExecution(thrown)) return undefined;
    throw thrown;
  }
}

/** PENDING_REDRIVE: a child of a Map Run that will be redriven ("DescribeExecution"). */
export const isUnderWay = ({ status }: DescribeExecutionOutput) => status === 'RUNNING' || status === 'PENDING_REDRIVE';

/** Whether an execution will never go on: AWS has deleted it, or can no longer redrive it ("RedriveExecution": within 14 days of its end). */
export const isOverForGood = (execution: DescribeExecutionOutput | undefined): boolean =>
  !execution || (!isUnderWay(execution) && execution.redriveStatus === 'NOT_REDRIVABLE');
