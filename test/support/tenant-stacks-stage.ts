import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CloudFormationClient,
  CreateStackCommand,
  DeleteStackCommand,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
  waitUntilStackCreateComplete,
  waitUntilStackDeleteComplete,
} from '@aws-sdk/client-cloudformation';
import { CreateRouteTableCommand, CreateVpcCommand, EC2Client } from '@aws-sdk/client-ec2';
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { aws_iam as iam, Stack } from 'aws-cdk-lib';
import { type Emulator, startEmulator } from '../../emulator/emulator';
import { externalIdOf, tenantNames } from '../../functions/contract/naming';
import type { StackKind } from '../../functions/contract/stacks';
import { DecoyTenant } from '../../infra/cell/decoy-tenant';
import { TenantBoundary } from '../../infra/foundation/tenant-boundary';
import { synthesizeTenantTemplates } from '../../infra/tenant/synthesize';
import { inScratchApp } from './scratch-app';

export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}
const ROOT: Credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
const POLLING = { maxWaitTime: 240, minDelay: 1, maxDelay: 1 };

/** What the tenant templates need around them: an emulator, the shared half of a cell, its decoy, a key. */
export class TenantStacksStage {
  readonly boundaryArn: string;
  readonly taskRoleArn: string;
  private readonly directory = mkdtempSync(join(tmpdir(), 'tenant-stacks-'));
  private readonly templates = synthesizeTenantTemplates(this.directory);

  private constructor(
    readonly emulator: Emulator,
    readonly tenantId: string,
    readonly cell: { vpcId: string; routeTableIds: string[] },
    readonly keyArn: string,
  ) {
    this.boundaryArn = `arn:aws:iam::${emulator.accountId}:policy/tenants/TenantBoundary`;
    this.taskRoleArn = `arn:aws:iam::${emulator.accountId}:role/cell-task`;
  }

  static async start(tenantId: string): Promise<TenantStacksStage> {
    const emulator = await startEmulator({ patience: 0 });
    const config = { endpoint: emulator.endpointUrl, region: emulator.region, credentials: ROOT };
    const ec2 = new EC2Client(config);
    const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
    const vpcId = Vpc?.VpcId ?? '';
    const tables = await Promise.all([1, 2, 3].map(() => ec2.send(new CreateRouteTableCommand({ VpcId: vpcId }))));
    const routeTableIds = tables.map((table) => table.RouteTable?.RouteTableId ?? '');
    const Tags = [{ TagKey: 'tenantId', TagValue: tenantId }];
    const { KeyMetadata } = await new KMSClient(config).send(new CreateKeyCommand({ Tags }));
    return new TenantStacksStage(emulator, tenantId, { vpcId, routeTableIds }, KeyMetadata?.Arn ?? '');
  }

  async stop(): Promise<void> {
    rmSync(this.directory, { recursive: true });
    await this.emulator.stop();
  }

  config(credentials = ROOT) {
    return { endpoint: this.emulator.endpointUrl, region: this.emulator.region, credentials, forcePathStyle: true };
  }

  bucketOf(tenantId: string): string {
    return tenantNames.bucket(tenantId, this.emulator.accountId, this.emulator.region);
  }

  roleArnOf(tenantId: string): string {
    return `arn:aws:iam::${this.emulator.accountId}:role/tenants/${tenantNames.role(tenantId)}`;
  }

  /** The role of the shared service: it may assume tenants' roles and nothing else. */
  async createTaskRole(): Promise<void> {
    const document = (statement: object) => JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
    const client = new IAMClient(this.config());
    const RoleName = 'cell-task';
    const Principal = { AWS: `arn:aws:iam::${this.emulator.accountId}:root` };
    const trust = document({ Effect: 'Allow', Action: 'sts:AssumeRole', Principal });
    await client.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trust }));
    const Action = ['sts:AssumeRole', 'sts:TagSession'];
    const PolicyDocument = document({ Effect: 'Allow', Action, Resource: this.roleArnOf('*') });
    await client.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'assume-tenants', PolicyDocument }));
  }

  /** The boundary and the decoy, from the constructs that a cell's stack uses. */
  async createDecoy(): Promise<DecoyTenant> {
    const { decoy, template } = inScratchApp((app) => {
      const stack = new Stack(app, 'Cell');
      const made = new DecoyTenant(stack, 'Decoy', {
        cellName: 'test',
        taskRole: iam.Role.fromRoleArn(stack, 'TaskRole', this.taskRoleArn),
        trustedRoleArns: [],
        boundary: new TenantBoundary(stack, 'TenantBoundary').policy,
      });
      return { decoy: made, template: app.synth().getStackByName('Cell').template };
    });
    const { Rules: _, Parameters: __, ...body } = template;
    await this.create('cell-test', JSON.stringify(body), {});
    return decoy;
  }

  async launch(kind: StackKind, parameters: Record<string, string | undefined>) {
    const own = { TenantId: this.tenantId, KeyArn: this.keyArn };
    const body = readFileSync(this.templates[kind].file, 'utf8');
    return this.create(tenantNames.stack(this.tenantId, kind), body, { ...own, ...parameters });
  }

  async delete(kind: StackKind): Promise<void> {
    const client = new CloudFormationClient(this.config());
    const StackName = tenantNames.stack(this.tenantId, kind);
    await client.send(new DeleteStackCommand({ StackName }));
    await waitUntilStackDeleteComplete({ client, ...POLLING }, { StackName });
  }

  /** Session credentials of a tenant's role, assumed by the shared service. */
  async asTenant(tenantId: string, request?: { ExternalId?: string; tag?: string }): Promise<Credentials> {
    const { ExternalId, tag } = request ?? { ExternalId: externalIdOf(tenantId), tag: tenantId };
    const service = await this.assume(ROOT, { RoleArn: this.taskRoleArn });
    return this.assume(service, {
      RoleArn: this.roleArnOf(tenantId),
      ...(ExternalId && { ExternalId }),
      ...(tag && { Tags: [{ Key: 'tenantId', Value: tag }] }),
    });
  }

  private async assume(
    credentials: Credentials,
    request: { RoleArn: string; ExternalId?: string; Tags?: { Key: string; Value: string }[] },
  ): Promise<Credentials> {
    const answer = await new STSClient(this.config(credentials)).send(
      new AssumeRoleCommand({ ...request, RoleSessionName: 'test' }),
    );
    const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = answer.Credentials ?? {};
    return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
  }

  private async create(StackName: string, TemplateBody: string, parameters: Record<string, string | undefined>) {
    const client = new CloudFormationClient(this.config());
    const Parameters = Object.entries(parameters).map(([ParameterKey, value = '']) => ({
      ParameterKey,
      ParameterValue: value,
    }));
    const Capabilities = ['CAPABILITY_NAMED_IAM' as const];
    await client.send(new CreateStackCommand({ StackName, TemplateBody, Capabilities, Parameters }));
    await waitUntilStackCreateComplete({ client, ...POLLING }, { StackName }).catch(() => undefined);
    const { Stacks } = await client.send(new DescribeStacksCommand({ StackName }));
    if (Stacks?.[0]?.StackStatus !== 'CREATE_COMPLETE') throw new Error(await this.firstFailure(StackName));
    const outputs = Stacks[0].Outputs ?? [];
    return Object.fromEntries(outputs.map((output) => [output.OutputKey, output.OutputValue]));
  }

  private async firstFailure(StackName: string): Promise<string> {
    const { StackEvents = [] } = await new CloudFormationClient(this.config()).send(
      new DescribeStackEventsCommand({ StackName }),
    );
    const failed = StackEvents.findLast((event) => event.ResourceStatus?.endsWith('_FAILED'));
    return `${StackName}: ${failed?.LogicalResourceId} ${failed?.ResourceStatus}: ${failed?.ResourceStatusReason}`;
  }
}
