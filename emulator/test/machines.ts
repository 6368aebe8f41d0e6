import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  type DescribeExecutionOutput,
  GetExecutionHistoryCommand,
  type HistoryEvent,
  RedriveExecutionCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { CreateQueueCommand, GetQueueAttributesCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Emulator } from '../emulator';
import { access, eventually, launch } from './aws';

/** Fails its first `failures` calls under a key, then answers with the number of the call. */
const CODE = `
const calls = {};
exports.handler = async ({ key = 'any', failures = 0, error = 'Scripted', pause = 0, ...rest }) => {
  calls[key] = (calls[key] ?? 0) + 1;
  await new Promise((resolve) => setTimeout(resolve, pause));
  if (calls[key] <= failures) throw Object.assign(new Error('call ' + calls[key]), { name: error });
  return { call: calls[key], ...rest };
};`;

export const call = (event: object) => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke',
  Arguments: { FunctionName: 'scripted', Payload: event },
  Output: '{% $states.result.Payload %}',
});

export const only = (state: object, rest: object = {}) => ({
  StartAt: 'Only',
  States: { Only: { ...state, End: true } },
  ...rest,
});
export const sequence = (states: Record<string, object>) => {
  const names = Object.keys(states);
  const follow = (index: number) => (index + 1 < names.length ? { Next: names[index + 1] } : { End: true });
  return {
    StartAt: names[0],
    States: Object.fromEntries(Object.entries(states).map(([name, state], i) => [name, { ...state, ...follow(i) }])),
  };
};
export const parallel = (...branches: Record<string, object>[]) => ({
  Type: 'Parallel',
  Branches: branches.map(sequence),
});
export const fail = (name: string) => ({ Type: 'Fail', Error: name });
export const sleep = (Seconds: number | string) => ({ Type: 'Wait', Seconds });
/** State machines in JSONata, and what became of their executions. Needs LAMBDA_WORKERS_PER_FUNCTION=1. */
export class Machines {
  readonly sfn: SFNClient;
  private readonly sqs: SQSClient;
  private queueUrl = '';
  private made = 0;

  constructor(private readonly emulator: Emulator) {
    this.sfn = new SFNClient(access(emulator));
    this.sqs = new SQSClient(access(emulator));
  }

  async prepare(): Promise<void> {
    this.queueUrl = (await this.queue('tokens')).url;
    const trust = (service: string) => ({
      Effect: 'Allow',
      Principal: { Service: `${service}.amazonaws.com` },
      Action: 'sts:AssumeRole',
    });
    const call = { Effect: 'Allow', Action: ['lambda:InvokeFunction', 'sqs:SendMessage'], Resource: '*' };
    await launch(this.emulator, 'scripted', {
      Role: {
        Type: 'AWS::IAM::Role',
        Properties: {
          RoleName: 'machine',
          AssumeRolePolicyDocument: { Version: '2012-10-17', Statement: ['lambda', 'states'].map(trust) },
          Policies: [{ PolicyName: 'call', PolicyDocument: { Version: '2012-10-17', Statement: [call] } }],
        },
      },
      Function: {
        Type: 'AWS::Lambda::Function',
        Properties: {
          FunctionName: 'scripted',
          Runtime: 'nodejs24.x',
          Handler: 'index.handler',
          Timeout: 60,
          Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
          Code: { ZipFile: CODE },
        },
      },
    });
  }

  async queue(name: string): Promise<{ url: string; arn: string }> {
    const { QueueUrl = '' } = await this.sqs.send(new CreateQueueCommand({ QueueName: name }));
    const { Attributes } = await this.sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }),
    );
    return { url: QueueUrl, arn: Attributes?.QueueArn ?? '' };
  }

  async messages(url: string, atLeast: number): Promise<string[]> {
    const bodies: string[] = [];
    return await eventually(async () => {
      const { Messages = [] } = await this.sqs.send(
        new ReceiveMessageCommand({ QueueUrl: url, MaxNumberOfMessages: 10, VisibilityTimeout: 600 }),
      );
      bodies.push(...Messages.map(({ Body = '' }) => Body));
      return bodies.length >= atLeast ? bodies : undefined;
    });
  }

  /** A state that waits for its token, which is sent to the queue. */
  waiting(rest: object = {}) {
    return {
      Type: 'Task',
      Resource: 'arn:aws:states:::sqs:sendMessage.waitForTaskToken',
      Arguments: { QueueUrl: this.queueUrl, MessageBody: '{% $states.context.Task.Token %}' },
      ...rest,
    };
  }

  async tokens(count: number): Promise<string[]> {
    return await this.messages(this.queueUrl, count);
  }

  async token(): Promise<string> {
    return (await this.tokens(1))[0] ?? '';
  }

  async create(definition: object, type: 'STANDARD' | 'EXPRESS' = 'STANDARD', roleArn?: string): Promise<string> {
    this.made += 1;
    const { stateMachineArn = '' } = await this.sfn.send(
      new CreateStateMachineCommand({
        name: `machine-${this.made}`,
        roleArn: roleArn ?? `arn:aws:iam::${this.emulator.accountId}:role/machine`,
        definition: JSON.stringify({ QueryLanguage: 'JSONata', ...definition }),
        type,
      }),
    );
    return stateMachineArn;
  }

  async begin(stateMachineArn: string, input: object = {}): Promise<string> {
    const started = await this.sfn.send(new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input) }));
    return started.executionArn ?? '';
  }

  async start(definition: object, input: object = {}): Promise<string> {
    return await this.begin(await this.create(definition), input);
  }

  async run(definition: object, input: object = {}): Promise<DescribeExecutionOutput> {
    return await this.ended(await this.start(definition, input));
  }

  async redrive(executionArn: string | undefined): Promise<DescribeExecutionOutput> {
    await this.sfn.send(new RedriveExecutionCommand({ executionArn }));
    return await this.ended(executionArn);
  }

  async ended(executionArn: string | undefined): Promise<DescribeExecutionOutput> {
    return await eventually(async () => {
      const execution = await this.sfn.send(new DescribeExecutionCommand({ executionArn }));
      return execution.status === 'RUNNING' ? undefined : execution;
    });
  }

  async history(executionArn: string | undefined): Promise<HistoryEvent[]> {
    const { events } = await this.sfn.send(new GetExecutionHistoryCommand({ executionArn, maxResults: 1000 }));
    return events ?? [];
  }

  /** `TaskStateEntered Name`, or the type alone. */
  async told(executionArn: string | undefined): Promise<string[]> {
    return (await this.history(executionArn)).map(({ type, stateEnteredEventDetails, stateExitedEventDetails }) =>
      [type, stateEnteredEventDetails?.name ?? stateExitedEventDetails?.name].filter(Boolean).join(' '),
    );
  }
}
