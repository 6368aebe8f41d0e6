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
