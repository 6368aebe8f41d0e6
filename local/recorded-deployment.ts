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
/** A stack takes seconds, and each question takes as much work as a resource. */
const ASKED_EVERY_MS = 100;
/**
 * Placeholder in a record for load balancer address and URL port, which differ in every emulator.
 */
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
  /** In the order of their creation. */
  stacks: z.array(StackSchema).min(1),
  /** Objects of the assets bucket. */
  objects: z.array(z.object({ key: z.string(), contentType: z.string().optional() })).min(1),
});
type RecordedStack = z.infer<typeof StackSchema>;

/** The platform that a deployment is recorded from or replayed on. */
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

/**
 * Replaces the addresses of this start in a text by the placeholder, or back. The port is an
 * environment variable of a function.
 */
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
 * Records the deployment that has just ended, so that an equal one needs no build, no synthesis
 * and no CDK command line. The record has the stacks as CloudFormation got them, their assets, and
 * the bundle of the shared service.
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

/** A record gets its name only when it is complete. */
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
    await pause(ASKED_EVERY_MS);
  }
}

const outputsOf = ({ Outputs = [] }: Stack) =>
  Object.fromEntries(Outputs.map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]));

/**
 * Replays a recorded deployment: CloudFormation creates the same stacks from the same templates
 * and assets, without build and synthesis.
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
    // The limit for a template in the request is 51,200 bytes, for one in an object 1 MB
    // ("CloudFormation quotas").
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
