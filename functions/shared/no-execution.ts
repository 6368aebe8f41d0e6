import { isNamed } from './is-named';

/**
 * Whether the answer of a request says that AWS has no such execution: it was deleted, which AWS does 90
 * days after its end, or no execution can have that ARN ("DescribeExecution", "GetExecutionHistory"),
 * because somebody has written something else into an item.
 */
export const isNoExecution = (thrown: unknown): thrown is Error =>
  isNamed(thrown, 'ExecutionDoesNotExist', 'InvalidArn');
