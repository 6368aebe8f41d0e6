import { type CloudFormationClient, GetTemplateCommand, type Stack } from '@aws-sdk/client-cloudformation';
import type { S3Client } from '@aws-sdk/client-s3';
import type { StackKind } from '../../contract/stacks';
import { settled } from '../../shared/settled';
import { stackParameters } from '../../stacks/stack-parameters';
import { describeStack } from '../../stacks/stacks';
import { publishedTemplate } from '../release/published-template';
import { type ExpectedResource, resolveTemplate } from '../release/resolve-template';
import type { Subject } from '../subject';
import { readOnce } from './reading';

/**
 * What this tenant's release makes: the templates of the tenant's stacks, as they were published,
 * with the tenant's parameters. No answer is from the resources that it is compared with.
 */
export interface ReleaseFacts {
  readonly network: () => Promise<readonly ExpectedResource[]>;
  readonly database: () => Promise<readonly ExpectedResource[]>;
  readonly storage: () => Promise<readonly ExpectedResource[]>;
  readonly access: () => Promise<readonly ExpectedResource[]>;
}

/** A tenant's stacks, as CloudFormation describes them. */
export type DescribedStacks = Readonly<Record<StackKind, Stack | undefined>>;

export interface StackFacts {
  readonly all: () => Promise<DescribedStacks>;
  /** The text of each stack's template, as it was sent to CloudFormation. */
  readonly templates: () => Promise<Readonly<Record<StackKind, string>>>;
}

/** @returns name and value of each parameter with which this release launches the stack */
export function parametersOf(subject: Subject, stack: StackKind): Record<string, string> {
  const { tenant, cell, key, stacks } = subject;
  const outputs = { network: stacks.network.outputs, database: stacks.database.outputs };
  const launch = { tenant, cell, key, stack, outputs, executionArn: '', taskToken: '' };
  const parameters = stackParameters(launch, subject);
  return Object.fromEntries(parameters.map(({ ParameterKey, ParameterValue }) => [ParameterKey, ParameterValue]));
}

const ofAllStacks = async <T>(read: (kind: StackKind) => Promise<T>) => {
  const [network, database, storage, access] = await settled([
    read('network'),
    read('database'),
    read('storage'),
    read('access'),
  ]);
  return { network, database, storage, access };
};

async function templateOfStack(client: CloudFormationClient, stackId: string): Promise<string | undefined> {
  const request = { StackName: stackId, TemplateStage: 'Original' } as const;
  return (await client.send(new GetTemplateCommand(request))).TemplateBody;
}

/** @param described the stacks, where the caller has just read them */
export function stackFacts(client: CloudFormationClient, { stacks }: Subject, described?: DescribedStacks): StackFacts {
  return {
    all: readOnce(async () => described ?? ofAllStacks((kind) => describeStack(client, stacks[kind].stackName))),
    templates: readOnce(() => ofAllStacks(async (kind) => (await templateOfStack(client, stacks[kind].stackId)) ?? '')),
  };
}

export function releaseFacts(s3: S3Client, cloudformation: CloudFormationClient, subject: Subject): ReleaseFacts {
  const { accountId, region, templates, stacks } = subject;
  const versions = {
    network: stacks.network.templateVersion,
    database: stacks.database.templateVersion,
    storage: stacks.storage.templateVersion,
    access: stacks.access.templateVersion,
  };
  const expected = (kind: StackKind) =>
    readOnce(async () => {
      const { stackId } = stacks[kind];
      const ofStack = () => templateOfStack(cloudformation, stackId);
      const text = await publishedTemplate(s3, templates, kind, versions, ofStack);
      return resolveTemplate(text, { parameters: parametersOf(subject, kind), accountId, region });
    });
  return {
    network: expected('network'),
    database: expected('database'),
    storage: expected('storage'),
    access: expected('access'),
  };
}
