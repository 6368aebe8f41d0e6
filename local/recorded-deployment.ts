import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import {
  CloudFormationClient,
  CreateStackCommand,
  DescribeStacksCommand,
  GetTemplateCommand,
  type Stack,
} from '@aws-sdk/client-cloudformation';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import * as z from 'zod';
import { type Deployment, deploymentOf } from '../infra/deploy';
import type { AwsAccess } from './platform';

const KEPT = 8;
/** In a record, for the address of the load balancer and the port in tenants' URLs: every emulator has others. */
const LOAD_BALANCER = 'http://load-balancer.of-this-start';
const URL_PORT = 'port-of-this-start';

const CapabilitySchema = z.enum(['CAPABILITY_IAM', 'CAPABILITY_NAMED_IAM', 'CAPABILITY_AUTO_EXPAND']);
const StackSchema = z.object({
  name: z.string(),
  template: z.string(),
  parameters: z.array(z.object({ ParameterKey: z.string(), ParameterValue: z.string() })),
  tags: z.array(z.object({ Key: z.string(), Value: z.string() })),
  capabilities: z.array(CapabilitySchema),
  terminationProtection: z.boolean(),
});
const RecordSchema = z.object({
  /** In the order in which they were created. */
  stacks: z.array(StackSchema).min(1),
  /** Of the bucket of assets. */
  objects: z.array(z.object({ key: z.string(), contentType: z.string().optional() })).min(1),
});
type RecordedStack = z.infer<typeof StackSchema>;

/** Where a deployment is recorded or deployed again. */
export interface Target {
  readonly aws: AwsAccess;
  readonly assetsBucket: string;
  readonly loadBalancerUrl: string;
  /** Port in tenants' URLs. */
  readonly urlPort: number;
  readonly signal?: AbortSignal;
}

const recordFile = (home: string) => join(home, 'deployment.json');
const objectFile = (home: string, key: string) => join(home, 'objects', key);

const isText = (key: string) => key.endsWith('.json');

/** A text without, and again with, the addresses of this start. The port is a variable of a function. */
const withoutAddress = (text: string, { loadBalancerUrl, urlPort }: Target) =>
  text
    .replaceAll(loadBalancerUrl, LOAD_BALANCER)
    .replaceAll(new RegExp(`("URL_PORT":\\s*)"${urlPort}"`, 'g'), `$1"${URL_PORT}"`);
const withAddress = (text: string, { loadBalancerUrl, urlPort }: Target) =>
  text.replaceAll(LOAD_BALANCER, loadBalancerUrl).replaceAll(URL_PORT, String(urlPort));

async function stacksOf(client: CloudFormationClient, target: Target): Promise<RecordedStack[]> {
  const { Stacks = [] } = await client.send(new DescribeStacksCommand({}));
  const inOrder = [...Stacks].sort((one, other) => Number(one.CreationTime) - Number(other.CreationTime));
  const recorded: RecordedStack[] = [];
  for (const { StackName, Parameters = [], Tags = [], Capabilities = [], EnableTerminationProtection } of inOrder) {
    const { TemplateBody = '' } = await client.send(new GetTemplateCommand({ StackName, TemplateStage: 'Original' }));
    recorded.push(
      StackSchema.parse({
        name: StackName,
        template: withoutAddress(TemplateBody, target),
        parameters: Parameters,
        tags: Tags,
        capabilities: Capabilities,
        terminationProtection: EnableTerminationProtection ?? false,
      }),
    );
  }
  return recorded;
}

/**
 * Records what has just been deployed, so that an equal deployment needs neither build nor synthesis nor the CDK command
 * line: the stacks as CloudFormation was asked for them, their assets, and the bundle of the shared service.
 */
export async function recordDeployment(home: string, serviceBundle: string, target: Target): Promise<void> {
  const s3 = new S3Client(target.aws);
  const building = `${home}.${process.pid}`;
  mkdirSync(join(building, 'objects'), { recursive: true });
  try {
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: target.assetsBucket }));
    const objects = await Promise.all(
      Contents.map(async ({ Key = '' }) => {
        const { Body, ContentType } = await s3.send(new GetObjectCommand({ Bucket: target.assetsBucket, Key }));
        const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array();
        const contents = isText(Key) ? withoutAddress(Buffer.from(bytes).toString(), target) : bytes;
        writeFileSync(objectFile(building, Key), contents);
        return { key: Key, ...(ContentType && { contentType: ContentType }) };
      }),
    );
    const stacks = await stacksOf(new CloudFormationClient(target.aws), target);
    writeFileSync(recordFile(building), JSON.stringify(RecordSchema.parse({ stacks, objects }), null, 2));
    cpSync(serviceBundle, serviceBundleOf(building));
    renameSync(building, home);
  } catch (failure) {
    // Another start has recorded the same deployment meanwhile.
    if (!isRecorded(home)) throw failure;
  } finally {
    rmSync(building, { recursive: true, force: true });
  }
  forgetOld(dirname(home));
}

/** A record comes into being under its name as a whole. */
export const isRecorded = (home: string) => statSync(recordFile(home), { throwIfNoEntry: false }) !== undefined;

export const serviceBundleOf = (home: string) => join(home, 'server.js');

function forgetOld(records: string): void {
  const byAge = readdirSync(records)
    .map((name) => ({ name, used: statSync(join(records, name), { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .sort((one, other) => other.used - one.used);
  for (const { name } of byAge.slice(KEPT)) rmSync(join(records, name), { recursive: true, force: true });
}

/** Waits for the stack's end. @throws Error with CloudFormation's reason */
async function created(client: CloudFormationClient, StackName: string, signal?: AbortSignal): Promise<Stack> {
  for (;;) {
    signal?.throwIfAborted();
    const { Stacks: [stack] = [] } = await client.send(new DescribeStacksCommand({ StackName }));
    if (stack?.StackStatus === 'CREATE_COMPLETE') return stack;
    if (stack?.StackStatus !== 'CREATE_IN_PROGRESS')
      throw new Error(`${StackName}: ${stack?.StackStatus} ${stack?.StackStatusReason ?? ''}`);
    await pause(20);
  }
}

const outputsOf = ({ Outputs = [] }: Stack) =>
  Object.fromEntries(Outputs.map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]));

/**
 * Deploys what was recorded: CloudFormation creates the same stacks from the same templates and assets. Only what made the
 * templates is left out.
 *
 * @throws Error when the record cannot be read, or a stack fails
 */
export async function deployRecord(home: string, target: Target): Promise<Deployment> {
  const now = new Date();
  utimesSync(home, now, now);
  const { stacks, objects } = RecordSchema.parse(JSON.parse(readFileSync(recordFile(home), 'utf8')));
  const s3 = new S3Client(target.aws);
  const put = (Key: string, Body: Uint8Array | string, ContentType?: string) =>
    s3.send(new PutObjectCommand({ Bucket: target.assetsBucket, Key, Body, ContentType }));
  await Promise.all(
    objects.map(({ key, contentType }) => {
      const contents = readFileSync(objectFile(home, key));
      return put(key, isText(key) ? withAddress(contents.toString(), target) : contents, contentType);
    }),
  );
  const cloudformation = new CloudFormationClient(target.aws);
  const outputs: Record<string, Record<string, string>> = {};
  for (const { name, template, parameters, tags, capabilities, terminationProtection } of stacks) {
    // A body may have 51,200 bytes ("CloudFormation quotas"); an object may have a megabyte.
    const key = `${name}.template.json`;
    await put(key, withAddress(template, target));
    await cloudformation.send(
      new CreateStackCommand({
        StackName: name,
        TemplateURL: `${target.aws.endpoint}/${target.assetsBucket}/${key}`,
        Parameters: parameters,
        Tags: tags,
        Capabilities: capabilities,
        EnableTerminationProtection: terminationProtection,
      }),
    );
    outputs[name] = outputsOf(await created(cloudformation, name, target.signal));
  }
  return deploymentOf(outputs);
}
