import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CloudFormationClient,
  DescribeStackResourcesCommand,
  DescribeStacksCommand,
  GetTemplateCommand,
} from '@aws-sdk/client-cloudformation';
import { GetRoleCommand, GetRolePolicyCommand, IAMClient, ListRolePoliciesCommand } from '@aws-sdk/client-iam';
import { GetFunctionCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { DescribeStateMachineCommand, SFNClient } from '@aws-sdk/client-sfn';
import { codeOf } from '../../functions/shared/error-code';
import { isLocalStageRecorded, localRecord } from '../../local/deploy-locally';
import type { Platform } from '../../local/platform';

/** What differs from one deployment of the same templates to the next. */
const OF_THE_MOMENT = /Time$|Date$|^(LastModified|RevisionId|revisionId|RoleId|\$metadata)$/;

interface Found {
  readonly logical: string;
  readonly physical: string;
  readonly type: string;
  readonly status: string;
}

async function detailOf({ aws }: Platform, { type, physical }: Found): Promise<unknown> {
  if (type === 'AWS::Lambda::Function')
    return (await new LambdaClient(aws).send(new GetFunctionCommand({ FunctionName: physical }))).Configuration;
  if (type === 'AWS::StepFunctions::StateMachine')
    return new SFNClient(aws).send(new DescribeStateMachineCommand({ stateMachineArn: physical }));
  if (type !== 'AWS::IAM::Role') return undefined;
  const iam = new IAMClient(aws);
  const { Role } = await iam.send(new GetRoleCommand({ RoleName: physical }));
  const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName: physical }));
  const policies = await Promise.all(
    PolicyNames.map((PolicyName) => iam.send(new GetRolePolicyCommand({ RoleName: physical, PolicyName }))),
  );
  return { Role, policies: policies.map(({ PolicyDocument = '' }) => decodeURIComponent(PolicyDocument)) };
}

const VERSION_DIGEST = /(ReserveTenantFunctionCurrentVersion[0-9A-F]{8})[0-9a-f]{32}/g;

/**
 * All that AWS has of a platform that was just deployed, line by line: its stacks as CloudFormation knows them, their
 * resources, and functions, machines and roles in full. Generated names are replaced by the logical ones, so that two
 * deployments of the same templates have equal pictures.
 */
export async function pictureOf(platform: Platform): Promise<string[]> {
  const cloudformation = new CloudFormationClient(platform.aws);
  const { Stacks = [] } = await cloudformation.send(new DescribeStacksCommand({}));
  const names: [physical: string, logical: string][] = [
    [platform.emulator.loadBalancerUrl, 'LOAD-BALANCER'],
    [platform.emulator.endpointUrl, 'ENDPOINT'],
  ];
  const picture: unknown[] = [];
  for (const { loadBalancerDnsName } of Object.values(platform.deployment.cells))
    names.push([loadBalancerDnsName, 'DNS-NAME']);
  for (const stack of Stacks) {
    const { StackName } = stack;
    names.push([stack.StackId ?? '', `${StackName} (the stack)`]);
    const { StackResources = [] } = await cloudformation.send(new DescribeStackResourcesCommand({ StackName }));
    const { TemplateBody } = await cloudformation.send(new GetTemplateCommand({ StackName }));
    const found = StackResources.map(
      ({ LogicalResourceId, PhysicalResourceId, ResourceType, ResourceStatus }): Found => ({
        logical: LogicalResourceId ?? '',
        physical: PhysicalResourceId ?? '',
        type: ResourceType ?? '',
        status: ResourceStatus ?? '',
      }),
    );
    names.push(...found.map(({ physical, logical }) => [physical, `(${logical})`] as [string, string]));
    const details = await Promise.all(
      found.map(async (resource) => ({ ...resource, detail: await detailOf(platform, resource) })),
    );
    picture.push(
      stack,
      TemplateBody,
      details.sort((one, other) => one.logical.localeCompare(other.logical)),
    );
  }
  // The longest first: one name may be part of another.
  const byLength = names.filter(([physical]) => physical).sort(([one], [other]) => other.length - one.length);
  const text = byLength.reduce(
    (all, [physical, logical]) => all.replaceAll(physical, logical),
    JSON.stringify(picture, (key, value: unknown) => (OF_THE_MOMENT.test(key) ? undefined : value), 1),
  );
  // As a whole number only: digests of code have the same digits now and then.
  const anyPort = text.replace(new RegExp(`\\b${platform.emulator.webPort}\\b`, 'g'), 'URL-PORT');
  // A version's logical name has a digest of its function's variables, the port of its first start among them.
  return anyPort.replace(VERSION_DIGEST, '$1').split('\n');
}

const pictureFile = () => join(localRecord(), 'picture.json');

/**
 * Keeps the picture of a platform that was built, and not replayed, beside the record of its deployment, if there is one: a
 * deployment is not recorded when a file has changed meanwhile. Another run of the tests in this folder finds it whole.
 */
export function keepPicture(picture: readonly string[]): void {
  if (!isLocalStageRecorded()) return;
  const written = `${pictureFile()}.${process.pid}`;
  writeFileSync(written, JSON.stringify(picture));
  renameSync(written, pictureFile());
}

/** @returns undefined where the deployment was recorded by something else, or is not recorded */
export function keptPicture(): string[] | undefined {
  try {
    return JSON.parse(readFileSync(pictureFile(), 'utf8'));
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') return undefined;
    throw thrown;
  }
}
