import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import {
  CloudFormationClient,
  DescribeStacksCommand,
  GetTemplateCommand,
  UpdateStackCommand,
} from '@aws-sdk/client-cloudformation';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import * as z from 'zod';
import { CONTROL_PLANE } from '../../infra/config/stack-names';
import type { Platform } from '../../local/platform';

/** A folder for each published release, with the definition of each machine under its name. */
const PUBLISHED = join(__dirname, '../fixtures/definitions');

export interface Release {
  /** `today`, or the name of a published release. */
  readonly name: string;
  readonly onFailure: 'rollback' | 'hold';
}

const MachineSchema = z.object({
  StateMachineName: z.string(),
  DefinitionString: z.string(),
  DefinitionSubstitutions: z.record(z.string(), z.unknown()),
});
const ResourceSchema = z.looseObject({ Type: z.string(), Properties: z.record(z.string(), z.unknown()).default({}) });
const TemplateSchema = z.looseObject({ Resources: z.record(z.string(), ResourceSchema) });
type Template = z.infer<typeof TemplateSchema>;

/** The newest of the published releases. */
export function previousRelease(): string {
  const names = globSync('*', { cwd: PUBLISHED }).sort((one, other) =>
    one.localeCompare(other, 'en', { numeric: true }),
  );
  const name = names.at(-1);
  if (!name) throw new Error(`${PUBLISHED} has no definitions of a published release`);
  return name;
}

function definitionsOf(release: string): Map<string, string> {
  const files = globSync(join(PUBLISHED, release, '*.json'));
  if (files.length === 0) throw new Error(`${PUBLISHED} has no definitions of release ${release}`);
  return new Map(files.map((file) => [basename(file, '.json'), readFileSync(file, 'utf8')]));
}

const VersionRefSchema = z.object({ Ref: z.string() });

/**
 * What the previous release deployed: its definitions, which call functions without a version. No
 * version is published, and every function's configuration differs from today's.
 */
function asPublished(today: Template, release: string): Template {
  const definitions = definitionsOf(release);
  const resources = Object.entries(today.Resources);
  const functionOf = (value: unknown) => {
    const version = VersionRefSchema.safeParse(value);
    const found = version.success && today.Resources[version.data.Ref];
    return found && found.Type === 'AWS::Lambda::Version' ? found.Properties.FunctionName : undefined;
  };
  const before = resources
    .filter(([, { Type }]) => Type !== 'AWS::Lambda::Version')
    .map(([id, resource]) => {
      const { Type, Properties } = resource;
      if (Type === 'AWS::Lambda::Function')
        return [id, { ...resource, Properties: { ...Properties, Description: `Release ${release}` } }];
      if (Type !== 'AWS::StepFunctions::StateMachine') return [id, resource];
      const machine = MachineSchema.parse(Properties);
      // A machine that the release did not have calls today's functions, without versions as all do.
      const definition = definitions.get(machine.StateMachineName) ?? machine.DefinitionString;
      const substitutions = Object.entries(machine.DefinitionSubstitutions)
        .filter(([name]) => definition.includes(`\${${name}}`))
        .map(([name, value]) => {
          const named = functionOf(value);
          const arn = VersionRefSchema.safeParse(named);
          return [name, arn.success ? { 'Fn::GetAtt': [arn.data.Ref, 'Arn'] } : value];
        });
      const changed = { DefinitionString: definition, DefinitionSubstitutions: Object.fromEntries(substitutions) };
      return [id, { ...resource, Properties: { ...Properties, ...changed } }];
    });
  return { ...today, Resources: Object.fromEntries(before) };
}

function holding(template: Template, onFailure: Release['onFailure']): Template {
  const resources = Object.entries(template.Resources).map(([id, resource]) => {
    if (resource.Type !== 'AWS::StepFunctions::StateMachine') return [id, resource];
    const { DefinitionSubstitutions } = MachineSchema.parse(resource.Properties);
    if (!('OnFailure' in DefinitionSubstitutions)) return [id, resource];
    const substitutions = { ...DefinitionSubstitutions, OnFailure: onFailure };
    return [id, { ...resource, Properties: { ...resource.Properties, DefinitionSubstitutions: substitutions } }];
  });
  return { ...template, Resources: Object.fromEntries(resources) };
}

/** Deploys releases, today's and published ones, over the running platform: each is an update of all its stacks. */
export class Releases {
  private readonly cloudformation: CloudFormationClient;
  private readonly s3: S3Client;

  private constructor(
    private readonly platform: Platform,
    private readonly assetsBucket: string,
    /** Templates of today, by stack, in the order of their creation. */
    private readonly today: ReadonlyMap<string, Template>,
  ) {
    this.cloudformation = new CloudFormationClient(platform.aws);
    this.s3 = new S3Client(platform.aws);
  }

  static async of(platform: Platform): Promise<Releases> {
    const client = new CloudFormationClient(platform.aws);
    const { Stacks = [] } = await client.send(new DescribeStacksCommand({}));
    const inOrder = [...Stacks].sort((one, other) => Number(one.CreationTime) - Number(other.CreationTime));
    const today = new Map<string, Template>();
    for (const { StackName = '' } of inOrder) {
      const { TemplateBody } = await client.send(new GetTemplateCommand({ StackName, TemplateStage: 'Original' }));
      today.set(StackName, TemplateSchema.parse(JSON.parse(TemplateBody ?? '{}')));
    }
    const { accountId, region } = platform.outputs;
    return new Releases(platform, `cdk-hnb659fds-assets-${accountId}-${region}`, today);
  }

  /** @throws Error with CloudFormation's reason when a stack cannot be updated */
  async deploy({ name, onFailure }: Release): Promise<void> {
    for (const [stack, template] of this.today) {
      const ofRelease = stack === CONTROL_PLANE && name !== 'today' ? asPublished(template, name) : template;
      // The description tells the releases apart, so that no stack is left as it was.
      const Description = `Release ${name}, ${onFailure}`;
      await this.update(stack, { ...holding(ofRelease, onFailure), Description });
    }
  }

  private async update(StackName: string, template: Template): Promise<void> {
    const key = `${StackName}.redeployed.json`;
    const Body = JSON.stringify(template);
    await this.s3.send(new PutObjectCommand({ Bucket: this.assetsBucket, Key: key, Body }));
    const { Stacks: [before] = [] } = await this.cloudformation.send(new DescribeStacksCommand({ StackName }));
    await this.cloudformation.send(
      new UpdateStackCommand({
        StackName,
        TemplateURL: `${this.platform.aws.endpoint}/${this.assetsBucket}/${key}`,
        Parameters: before?.Parameters?.map(({ ParameterKey }) => ({ ParameterKey, UsePreviousValue: true })),
        Capabilities: ['CAPABILITY_IAM', 'CAPABILITY_NAMED_IAM'],
      }),
    );
    for (;;) {
      const { Stacks: [stack] = [] } = await this.cloudformation.send(new DescribeStacksCommand({ StackName }));
      const status = stack?.StackStatus ?? '';
      if (status === 'UPDATE_COMPLETE') return;
      if (!status.endsWith('IN_PROGRESS')) throw new Error(`${StackName}: ${status} ${stack?.StackStatusReason ?? ''}`);
      await pause(100);
    }
  }
}
