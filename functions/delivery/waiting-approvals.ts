import { type CodePipelineClient, GetPipelineStateCommand } from '@aws-sdk/client-codepipeline';
import { RELEASE_PIPELINE } from '../contract/naming';
import { unlessNamed } from '../shared/unless';

/** The operators were told when it began. Nobody has answered for a working day then. */
const WAITS_AT_MOST_MS = 24 * 60 * 60_000;

/**
 * Approvals of a stage's pipeline for which an image waits for more than a day. Later images wait
 * behind it ("How pipeline executions work": QUEUED), and it fails by itself after seven days.
 *
 * "GetPipelineState": an action has a token while its approval waits, and tells since when. A pipeline
 * that is not deployed yet has none.
 *
 * @returns stage and action of each
 */
export async function approvalsTooLate(
  codepipeline: Pick<CodePipelineClient, 'send'>,
  now: Date,
): Promise<readonly string[]> {
  const asked = codepipeline.send(new GetPipelineStateCommand({ name: RELEASE_PIPELINE }));
  const { stageStates = [] } = (await unlessNamed(asked, 'PipelineNotFoundException')) ?? {};
  return stageStates.flatMap(({ stageName, actionStates = [] }) =>
    actionStates.flatMap(({ actionName, latestExecution: { token, lastStatusChange } = {} }) => {
      const waits = lastStatusChange ? now.getTime() - lastStatusChange.getTime() : 0;
      return token && waits > WAITS_AT_MOST_MS ? [`${stageName}/${actionName}`] : [];
    }),
  );
}
