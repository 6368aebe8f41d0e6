import { setTimeout } from 'node:timers/promises';
import { CloudWatchLogsClient, CreateLogGroupCommand, DeleteLogGroupCommand } from '@aws-sdk/client-cloudwatch-logs';
import { tenantIdOf, tenantNames } from '../functions/contract/naming';
import { StageClient } from '../operations/client/stage-client';
import type { StageConnection } from '../operations/stage-connection';
import { type Applicant, type FollowOptions, followRun, type Outcome, onboard } from './scenario';
import { newSignup, Signups } from './signups';

export interface MishapOptions extends FollowOptions {
  readonly say?: (text: string) => void;
}

/**
 * A log group with the name of the tenant's database logs, as RDS leaves it when a database is
 * deleted by hand. As long as it exists, the tenant's database stack fails.
 */
export const logGroupInTheWay = (signupId: string) => ({
  logGroupName: `/aws/rds/instance/${tenantNames.database(tenantIdOf(signupId))}/postgresql`,
});

/**
 * Onboards a company whose database stack fails for a reason that an operator can repair: a log
 * group is in the way.
 *
 * @returns the failed run, and the same run redriven after the log group was deleted
 */
export async function playMishap(stage: StageConnection, options: MishapOptions = {}): Promise<[Outcome, Outcome]> {
  const { say, signal } = options;
  const said = { companyName: 'Nordlicht Reisen KG', subdomain: 'nordlicht' };
  const detail = newSignup(said);
  const applicant: Applicant = { ...said, label: 'nordlicht', expected: 'StackFailed', detail };
  const logs = new CloudWatchLogsClient(stage.aws);
  const inTheWay = logGroupInTheWay(detail.signupId);
  await logs.send(new CreateLogGroupCommand(inTheWay));

  const failed = await onboard(stage, new Signups(stage), applicant, options);
  say?.(`Rolled back: ${failed.run.failure?.reason.split('\n')[0]}`);
  await logs.send(new DeleteLogGroupCommand(inTheWay));
  say?.('The operator deletes the leftover log group and redrives the execution.');

  const { executionArn } = failed.run;
  // A minute on AWS, shortened as the emulator's delays are. By then the deleted alias is gone
  // everywhere.
  await setTimeout(2_000, undefined, { ...(signal && { signal }) });
  const redrive = async () => {
    const done = await new StageClient(stage).redrive({ executionArn });
    if (done.how === 'nothing') throw new Error(`cannot redrive: ${done.because}`);
    return done.executionArn;
  };
  const redriven = { ...applicant, note: 'redriven', expected: 'ACTIVE' } as const;
  return [failed, await followRun(stage, redriven, redrive, options)];
}
