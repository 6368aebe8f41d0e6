import { SFNClient } from '@aws-sdk/client-sfn';
import { SQSClient } from '@aws-sdk/client-sqs';
import { Command } from 'commander';
import * as z from 'zod';
import { STAGES } from '../infra/config/stages';
import { runCommand } from './command';
import { replayAll } from './replaying';
import { connectTo, stageOption } from './stage-connection';

async function main(): Promise<number> {
  const command = new Command('replay')
    .description('Starts an onboarding for each signup on the dead-letter queue, and takes it off the queue.')
    .addOption(stageOption())
    .parse();
  const { stage } = z.object({ stage: z.enum(STAGES) }).parse(command.opts());
  const connection = await connectTo(stage);
  const deps = { ...connection, sqs: new SQSClient(connection.aws), sfn: new SFNClient(connection.aws) };
  let count = 0;
  for await (const { executionArn, because } of replayAll(deps)) {
    console.log(`${executionArn}  (undelivered: ${because})`);
    count += 1;
  }
  console.log(count === 0 ? 'no signup is on the dead-letter queue' : `${count} replayed`);
  return 0;
}

runCommand(main);
