import {
  DeleteFunctionCommand,
  type FunctionConfiguration,
  type LambdaClient,
  paginateListFunctions,
  paginateListVersionsByFunction,
} from '@aws-sdk/client-lambda';
import { everyItem } from '../functions/shared/paging';
import { CONTROL_PLANE } from './config/stack-names';

/**
 * A run lasts a day at most and can be redriven for 14 days after each end ("Restarting state
 * machine executions with redrive"). A version that has been replaced for so long has no run.
 */
const KEPT_AFTER_ITS_SUCCESSOR_MS = 30 * 86_400_000;

const LATEST = '$LATEST';
const published = ({ LastModified = '' }: FunctionConfiguration) => new Date(LastModified).getTime();

/**
 * Versions of one function that no run can need any longer: those whose successor is older than 30
 * days. The newest version is never among them.
 */
export function pastVersions(versions: readonly FunctionConfiguration[], now: Date): FunctionConfiguration[] {
  const inOrder = versions
    .filter(({ Version }) => Version !== LATEST)
    .sort((one, other) => Number(one.Version) - Number(other.Version));
  return inOrder.filter((_, index) => {
    const successor = inOrder[index + 1];
    return successor !== undefined && now.getTime() - published(successor) > KEPT_AFTER_ITS_SUCCESSOR_MS;
  });
}

/**
 * Deletes old published versions. Every deployment publishes a version of each function that it
 * changes, and all versions together may have 75 GB ("Lambda quotas").
 *
 * @returns the ARNs of the deleted versions
 */
export async function deletePastVersions(lambda: LambdaClient, now = new Date()): Promise<string[]> {
  const functions = await everyItem(paginateListFunctions({ client: lambda }, {}), ({ Functions }) => Functions);
  const ours = functions.filter(({ FunctionName }) => FunctionName?.startsWith(`${CONTROL_PLANE}-`));
  const deleted: string[] = [];
  for (const { FunctionName } of ours) {
    const pages = paginateListVersionsByFunction({ client: lambda }, { FunctionName });
    const versions = await everyItem(pages, ({ Versions }) => Versions);
    for (const { Version, FunctionArn = '' } of pastVersions(versions, now)) {
      await lambda.send(new DeleteFunctionCommand({ FunctionName, Qualifier: Version }));
      deleted.push(FunctionArn);
    }
  }
  return deleted;
}
