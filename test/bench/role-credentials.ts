import {
  CloudFormationClient,
  CreateStackCommand,
  DeleteStackCommand,
  waitUntilStackCreateComplete,
  waitUntilStackDeleteComplete,
} from '@aws-sdk/client-cloudformation';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import * as z from 'zod';
import { describeStack } from '../../functions/stacks/stacks';
import type { Platform } from '../../local/platform';
import { eventually } from '../support/running-stage';
import type { DeployedFunction } from './deployed-functions';

/** One stack for each set of functions: a process may ask twice. */
const stackOf = ([first]: readonly Pick<DeployedFunction, 'name'>[]) => `bench-credentials-${first?.name}`;

/** Under the role of a function of ours, a function that hands out the credentials it has: those of a session of the role. */
const CODE = `
const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = process.env;
exports.handler = async () => ({ AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN });`;

export const RoleCredentialsSchema = z.record(
  z.string(),
  z.object({ AWS_ACCESS_KEY_ID: z.string(), AWS_SECRET_ACCESS_KEY: z.string(), AWS_SESSION_TOKEN: z.string() }),
);
/** Environment of a process that acts as the function of that name. */
export type RoleCredentials = z.infer<typeof RoleCredentialsSchema>;

export async function roleCredentials(
  { aws }: Platform,
  functions: readonly Pick<DeployedFunction, 'name' | 'roleArn'>[],
): Promise<RoleCredentials> {
  const nameOf = (name: string) => `bench-as-${name}`;
  const Resources = Object.fromEntries(
    functions.map(({ name, roleArn }) => [
      name,
      {
        Type: 'AWS::Lambda::Function',
        Properties: {
          FunctionName: nameOf(name),
          Runtime: 'nodejs24.x',
          Handler: 'index.handler',
          Role: roleArn,
          Code: { ZipFile: CODE },
        },
      },
    ]),
  );
  const client = new CloudFormationClient(aws);
  await client.send(
    new CreateStackCommand({ StackName: stackOf(functions), TemplateBody: JSON.stringify({ Resources }) }),
  );
  const StackName = stackOf(functions);
  // CloudFormation may not know a stack yet that it has just taken: the waiter would end there.
  await eventually(`stack ${StackName}`, () => describeStack(client, StackName));
  await waitUntilStackCreateComplete({ client, maxWaitTime: 240, minDelay: 1, maxDelay: 1 }, { StackName });
  const lambda = new LambdaClient(aws);
  const entries = functions.map(async ({ name }) => {
    const { Payload } = await lambda.send(new InvokeCommand({ FunctionName: nameOf(name) }));
    return [name, JSON.parse(Buffer.from(Payload ?? []).toString('utf8'))];
  });
  const credentials = RoleCredentialsSchema.parse(Object.fromEntries(await Promise.all(entries)));
  // The session outlives its function, which an audit would find: it is no function of the release.
  await client.send(new DeleteStackCommand({ StackName }));
  await waitUntilStackDeleteComplete({ client, maxWaitTime: 240, minDelay: 1, maxDelay: 1 }, { StackName });
  return credentials;
}
