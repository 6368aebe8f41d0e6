import { setTimeout as pause } from 'node:timers/promises';
import {
  CodePipelineClient,
  GetPipelineStateCommand,
  ListPipelineExecutionsCommand,
  type PipelineExecutionSummary,
  PutApprovalResultCommand,
  StopPipelineExecutionCommand,
} from '@aws-sdk/client-codepipeline';
import { RELEASE_PIPELINE } from '../functions/contract/naming';
import type { AwsAccess } from '../operations/stage-connection';

const POLL_MS = 200;

const isUnderWay = ({ status }: PipelineExecutionSummary) => status === 'InProgress' || status === 'Stopping';

/** An approval that waits for its answer. */
export interface WaitingApproval {
  readonly stageName: string;
  readonly actionName: string;
  readonly token: string;
}

/** The pipeline of a stage, as a person uses it who pushes images and approves them. */
export class ReleasePipeline {
  private readonly client: CodePipelineClient;

  constructor(
    aws: AwsAccess,
    private readonly signal?: AbortSignal,
  ) {
    this.client = new CodePipelineClient(aws);
  }

  /** Newest first. */
  private async executions(): Promise<PipelineExecutionSummary[]> {
    const { pipelineExecutionSummaries = [] } = await this.client.send(
      new ListPipelineExecutionsCommand({ pipelineName: RELEASE_PIPELINE }),
    );
    return pipelineExecutionSummaries;
  }

  private async until<T>(ask: () => Promise<T | undefined>): Promise<T> {
    for (;;) {
      const found = await ask();
      if (found !== undefined) return found;
      await pause(POLL_MS, undefined, { signal: this.signal });
    }
  }

  /** Stops all executions under way: the next image need not wait for them. */
  async clear(reason: string): Promise<void> {
    for (const { pipelineExecutionId } of (await this.executions()).filter(isUnderWay)) {
      const request = { pipelineName: RELEASE_PIPELINE, pipelineExecutionId, reason, abandon: true };
      await this.client.send(new StopPipelineExecutionCommand(request));
    }
    await this.until(async () => ((await this.executions()).some(isUnderWay) ? undefined : true));
  }

  /** @returns the id of the execution of an image that was pushed after `since` */
  begun(digest: string, since: Date): Promise<string> {
    return this.until(async () => {
      const begun = (await this.executions()).filter(({ startTime }) => startTime && startTime >= since);
      return begun.find(({ sourceRevisions }) => sourceRevisions?.some(({ revisionId }) => revisionId === digest))
        ?.pipelineExecutionId;
    });
  }

  /** @returns the approval for which the execution waits; `none` when it has ended without one */
  approvalOf(executionId: string): Promise<WaitingApproval | 'none'> {
    return this.until(async () => {
      const { stageStates = [] } = await this.client.send(new GetPipelineStateCommand({ name: RELEASE_PIPELINE }));
      for (const { stageName, latestExecution, actionStates = [] } of stageStates) {
        if (!stageName || latestExecution?.pipelineExecutionId !== executionId) continue;
        for (const { actionName, latestExecution: action } of actionStates)
          if (actionName && action?.token) return { stageName, actionName, token: action.token };
      }
      const execution = await this.execution(executionId);
      return isUnderWay(execution) ? undefined : 'none';
    });
  }

  async approve(approval: WaitingApproval, summary: string): Promise<void> {
    await this.client.send(
      new PutApprovalResultCommand({
        ...{ pipelineName: RELEASE_PIPELINE, ...approval, result: { status: 'Approved', summary } },
      }),
    );
  }

  /** @returns the status with which the execution has ended */
  ended(executionId: string): Promise<string> {
    return this.until(async () => {
      const execution = await this.execution(executionId);
      return isUnderWay(execution) ? undefined : execution.status;
    });
  }

  private async execution(id: string): Promise<PipelineExecutionSummary> {
    const found = (await this.executions()).find(({ pipelineExecutionId }) => pipelineExecutionId === id);
    if (!found) throw new Error(`pipeline ${RELEASE_PIPELINE} has no execution ${id}`);
    return found;
  }
}
