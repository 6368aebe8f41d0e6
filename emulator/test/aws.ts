import {
  CloudFormationClient,
  CreateStackCommand,
  DescribeStacksCommand,
  type Stack,
} from '@aws-sdk/client-cloudformation';
import { CreateTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { control as ask } from '../control';
import type { Emulator } from '../emulator';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export const ROOT: Credentials = { accessKeyId: 'test', secretAccessKey: 'test' };

export const access = (emulator: Emulator, credentials: Credentials = ROOT) => ({
  endpoint: emulator.endpointUrl,
  region: emulator.region,
  credentials,
  maxAttempts: 1,
});

export const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks again until the answer is there. It gives up before Jest gives up the test, to say what it has waited for. */
export async function eventually<T>(ask: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + 50_000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > deadline) throw new Error(`still waiting for ${ask.toString()}`);
    await pause(30);
  }
}

export async function settled(client: CloudFormationClient, name: string | undefined): Promise<Stack> {
  return await eventually(async () => {
    const { Stacks } = await client.send(new DescribeStacksCommand({ StackName: name }));
    return Stacks?.find((stack) => !stack.StackStatus?.endsWith('IN_PROGRESS'));
  });
}

export async function launch(
  emulator: Emulator,
  name: string,
  resources: object,
  outputs: Record<string, unknown> = {},
): Promise<{ stack: Stack; outputs: Record<string, string> }> {
  const client = new CloudFormationClient(access(emulator));
  const Outputs = Object.fromEntries(Object.entries(outputs).map(([key, Value]) => [key, { Value }]));
  const { StackId } = await client.send(
    new CreateStackCommand({
      StackName: name,
      TemplateBody: JSON.stringify({ Resources: resources, ...(Object.keys(Outputs).length > 0 ? { Outputs } : {}) }),
      Capabilities: ['CAPABILITY_NAMED_IAM'],
    }),
  );
  const stack = await settled(client, StackId);
  client.destroy();
  const values = stack.Outputs?.map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]) ?? [];
  return { stack, outputs: Object.fromEntries(values) };
}

/** Asks an endpoint of the emulator's own for what cannot be waited for or called for. */
export const control = async ({ endpointUrl }: Emulator, path: string, request: object) =>
  (await ask(endpointUrl, path, request)) as Record<string, unknown>;

/** A hundred times AWS's own seconds: far more than a test takes, which ends the wait itself (`settle`). */
export const slowerThanAws = (emulator: Emulator) => emulator.setPatience(100);

/** The emulator is kind again, and nothing is late any more. */
export async function kindAgain(emulator: Emulator): Promise<void> {
  await emulator.setPatience(0);
  await emulator.settle();
}

/** A table whose items have a partition key `pk` and a sort key `sk`. */
export const keyedTable = (client: DynamoDBClient, TableName: string) =>
  client.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'sk', AttributeType: 'S' },
      ],
    }),
  );
