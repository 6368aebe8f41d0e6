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
 * A company whose database stack fails for a reason that an operator can mend: a log group of its database's name is in the
 * way, as RDS leaves one behind when a database is deleted by hand.
 *
 * @returns the failed run, and the same run redriven once the log group is gone
 */
export async function playMishap(stage: StageConnection, options: MishapOptions = {}): Promise<[Outcome, Outcome]> {
  const { say, signal } = options;
  const said = { companyName: 'Nordlicht Reisen KG', subdomain: 'nordlicht' };
  const detail = newSignup(said);
  const applicant: Applicant = { ...said, label: 'nordlicht', expected: 'StackFailed', detail };
  const logs = new CloudWatchLogsClient(stage.aws);
  const inTheWay = {
    logGroupName: `/aws/rds/instance/${tenantNames.database(tenantIdOf(detail.signupId))}/postgresql`,
  };
  await logs.send(new CreateLogGroupCommand(inTheWay));

  const failed = await onboard(stage, new Signups(stage), applicant, options);
  say?.(`Rolled back: ${failed.run.failure?.reason.split('\n')[0]}`);
  await logs.send(new DeleteLogGroupCommand(inTheWay));
  say?.('The operator deletes the leftover log group and redrives the execution.');

  const { executionArn } = failed.run;
  // A minute of AWS's on the unkind emulator: no operator is faster, and the deleted alias is gone everywhere by then.
  await setTimeout(2_000, undefined, { ...(signal && { signal }) });
  const redrive = async () => {
    const done = await new StageClient(stage).redrive({ executionArn });
    if (done.how === 'nothing') throw new Error(`cannot redrive: ${done.because}`);
    return done.executionArn;
  };
  const redriven = { ...applicant, note: 'redriven', expected: 'ACTIVE' } as const;
  return [failed, await followRun(stage, redriven, redrive, options)];
}
