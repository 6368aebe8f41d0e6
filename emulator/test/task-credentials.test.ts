import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { GetParameterCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { fromHttp } from '@aws-sdk/credential-providers';
import { type Emulator, startEmulator } from '../emulator';
import { access } from './aws';

let emulator: Emulator;

beforeAll(async () => {
  emulator = await startEmulator({ patience: 0 });
}, 60_000);
afterAll(() => emulator.stop());

const policy = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement });

async function role(RoleName: string, service: string): Promise<string> {
  const { Role } = await new IAMClient(access(emulator)).send(
    new CreateRoleCommand({
      RoleName,
      AssumeRolePolicyDocument: policy({ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: service } }),
    }),
  );
  return Role?.Arn ?? '';
}

/** As the SDK of a task finds them. */
const credentialsOf = (roleArn: string) =>
  fromHttp({ awsContainerCredentialsFullUri: emulator.containerCredentialsUrl(roleArn), maxRetries: 0 });
const asTask = (roleArn: string) => ({ ...access(emulator), credentials: credentialsOf(roleArn) });

test("a task has its role's permissions and no others", async () => {
  const arn = await role('task', 'ecs-tasks.amazonaws.com');
  await new SSMClient(access(emulator)).send(new PutParameterCommand({ Name: '/mine', Value: 'x', Type: 'String' }));
  await new IAMClient(access(emulator)).send(
    new PutRolePolicyCommand({
      RoleName: 'task',
      PolicyName: 'Grants',
      PolicyDocument: policy({
        Effect: 'Allow',
        Action: 'ssm:GetParameter',
        Resource: 'arn:aws:ssm:*:*:parameter/mine',
      }),
    }),
  );
  const { Arn } = await new STSClient(asTask(arn)).send(new GetCallerIdentityCommand({}));
  expect(Arn).toMatch(`arn:aws:sts::${emulator.accountId}:assumed-role/task/`);
  const ssm = new SSMClient(asTask(arn));
  expect((await ssm.send(new GetParameterCommand({ Name: '/mine' }))).Parameter?.Value).toBe('x');
  await expect(ssm.send(new PutParameterCommand({ Name: '/mine', Value: 'y', Overwrite: true }))).rejects.toThrow(
    /not authorized/,
  );
});

test('a role that does not trust ECS tasks, or does not exist, is refused', async () => {
  const others = await role('others', 'lambda.amazonaws.com');
  await expect(credentialsOf(others)()).rejects.toThrow(/status: 403/);
  await expect(credentialsOf(others.replace('others', 'nobody'))()).rejects.toThrow(/status: 404/);
});
