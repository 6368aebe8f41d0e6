import {
  CloudFormationClient,
  CreateStackCommand,
  DescribeStacksCommand,
  waitUntilStackCreateComplete,
} from '@aws-sdk/client-cloudformation';
import { CreateStateMachineCommand, DescribeStateMachineCommand, SFNClient } from '@aws-sdk/client-sfn';
import { actionsOf, workflowNamed } from '../../functions/contract/workflows';
import type { Platform } from '../../local/platform';
import type { Answers } from './bare-process';
import { deployedFunctions } from './deployed-functions';

const STACK = 'bench-instant-machine';
const MACHINE = 'InstantOnboarding';

/** Returns what the real function would have; where a task waits for its token, the function answers it itself, at once. */
const CODE = `
const { SFNClient, SendTaskSuccessCommand } = require('@aws-sdk/client-sfn');
const sfn = new SFNClient({});
const answer = JSON.parse(process.env.ANSWER);
exports.handler = async ({ taskToken, stack }) => {
  if (!taskToken) return answer;
  await sfn.send(new SendTaskSuccessCommand({ taskToken, output: JSON.stringify(answer[stack]) }));
  return {};
};`;

const trusted = (service: string) => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' }],
});
const role = (service: string, action: string) => ({
  Type: 'AWS::IAM::Role',
  Properties: {
    AssumeRolePolicyDocument: trusted(service),
    Policies: [
      {
        PolicyName: 'bench',
        PolicyDocument: { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: action, Resource: '*' }] },
      },
    ],
  },
});

const NAMES = actionsOf(workflowNamed('TenantOnboarding'));
const arnOf = (logicalId: string) => ({ 'Fn::GetAtt': [logicalId, 'Arn'] });

function instantFunction(answer: unknown) {
  return {
    Type: 'AWS::Lambda::Function',
    Properties: {
      Runtime: 'nodejs24.x',
      Handler: 'index.handler',
      Timeout: 10,
      Role: arnOf('FunctionRole'),
      Code: { ZipFile: CODE },
      Environment: { Variables: { ANSWER: JSON.stringify(answer) } },
    },
  };
}

/** The functions and the machine's role. @returns ARNs by logical id */
async function deployParts({ aws }: Platform, answers: Answers): Promise<Record<string, string>> {
  const template = {
    Resources: {
      FunctionRole: role('lambda.amazonaws.com', 'states:SendTaskSuccess'),
      MachineRole: role('states.amazonaws.com', 'lambda:InvokeFunction'),
      ...Object.fromEntries(NAMES.map((name) => [name, instantFunction(answers[name] ?? {})])),
    },
    Outputs: Object.fromEntries(['MachineRole', ...NAMES].map((name) => [`${name}Arn`, { Value: arnOf(name) }])),
  };
  const client = new CloudFormationClient(aws);
  const TemplateBody = JSON.stringify(template);
  await client.send(new CreateStackCommand({ StackName: STACK, TemplateBody, Capabilities: ['CAPABILITY_IAM'] }));
  await waitUntilStackCreateComplete({ client, maxWaitTime: 60, minDelay: 1, maxDelay: 1 }, { StackName: STACK });
  const { Stacks } = await client.send(new DescribeStacksCommand({ StackName: STACK }));
  const outputs = Stacks?.[0]?.Outputs ?? [];
  return Object.fromEntries(
    outputs.map(({ OutputKey = '', OutputValue = '' }) => [OutputKey.replace(/Arn$/, ''), OutputValue]),
  );
}

/** The machine as it is deployed, over functions that return at once. @returns its ARN */
export async function deployInstantMachine(platform: Platform, answers: Answers): Promise<string> {
  const arns = await deployParts(platform, answers);
  const sfn = new SFNClient(platform.aws);
  const { stateMachineArn } = platform.outputs;
  const { definition = '' } = await sfn.send(new DescribeStateMachineCommand({ stateMachineArn }));
  const functions = await deployedFunctions(platform);
  const instant = functions.reduce((text, { name, arn }) => text.replaceAll(arn, arns[name] ?? arn), definition);
  const made = await sfn.send(
    new CreateStateMachineCommand({ name: MACHINE, roleArn: arns.MachineRole, definition: instant }),
  );
  return made.stateMachineArn ?? '';
}
