import {
  CloudFormationClient,
  paginateDescribeStacks,
  paginateListStackResources,
  UpdateTerminationProtectionCommand,
} from '@aws-sdk/client-cloudformation';
import { DisableRuleCommand, EventBridgeClient, ListRulesCommand } from '@aws-sdk/client-eventbridge';
import { KMSClient } from '@aws-sdk/client-kms';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { RDSClient } from '@aws-sdk/client-rds';
import { ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api';
import { Route53Client } from '@aws-sdk/client-route-53';
import { DeleteObjectsCommand, ListObjectVersionsCommand, S3Client } from '@aws-sdk/client-s3';
import { paginateListExecutions, SFNClient, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { tenantIdIn, tenantNames } from '../../functions/contract/naming';
import type { StackKind } from '../../functions/contract/stacks';
import { databaseLeftovers } from '../../functions/orphans/database-leftovers';
import { nameLeftovers } from '../../functions/orphans/name-leftovers';
import { isNamed } from '../../functions/shared/is-named';
import { everyItem } from '../../functions/shared/paging';
import { settled } from '../../functions/shared/settled';
import { releaseDatabases } from '../../functions/stacks/database-protection';
import { madeResources } from '../../functions/stacks/made-resources';
import { CONTROL_PLANE, cellOfStack, DELIVERY, FOUNDATION } from '../../infra/config/stack-names';
import { environmentOf } from '../../infra/preflight/function-environment';
import type { StageConnection } from '../stage-connection';
import type { StageRemains } from '../stage-remains';
import { deleteDatabasesOfNoStack } from './databases-of-no-stack';
import { retireTenantKeys } from './retire-tenant-keys';
import { deleteWholly, untilDeleted } from './stack-deletion';

/** The order of the rollback: a stack is deleted before the stacks that it needs. */
const KINDS: readonly StackKind[] = ['access', 'database', 'network', 'storage'];

/** Another team's stack may be called `tenant-portal-database`. */
function isOfTenant(name: string, kind: StackKind): boolean {
  const tenantId = tenantIdIn(name);
  return tenantId !== undefined && name === tenantNames.stack(tenantId, kind);
}

async function stackNames(client: CloudFormationClient): Promise<string[]> {
  const stacks = await everyItem(paginateDescribeStacks({ client }, {}), (page) => page.Stacks);
  return stacks.map(({ StackName = '' }) => StackName);
}

/** Names of all tenants' stacks. */
export const tenantStacks = async (client: CloudFormationClient): Promise<string[]> =>
  (await stackNames(client)).filter((name) => KINDS.some((kind) => isOfTenant(name, kind)));
/** Route 53 takes five requests a second, and one change of a zone at a time ("Quotas", Amazon Route 53 Developer Guide). */
const ZONE_ATTEMPTS = 10;

/** Reads a whole list before the first item is deleted: a list changes between its pages. */
async function listed<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/**
 * Takes a stage down with everything in it. It stops runs and intake, offboards every tenant,
 * empties the buckets and deletes the stacks. Called again, it continues where it stopped, also when the control plane is
 * gone already.
 *
 * Two kinds of resources stay. Keys stay for the seven days in which KMS lets their deletion be
 * cancelled. Evidence in compliance mode stays until its retention ends, for every principal.
 */
export class TearDown {
  private readonly cloudformation: CloudFormationClient;
  private readonly s3: S3Client;

  constructor(
    private readonly stage: StageRemains,
    private readonly log: (line: string) => void,
  ) {
    const { aws } = stage;
    this.cloudformation = new CloudFormationClient(aws);
    this.s3 = new S3Client({ ...aws, ...(aws.endpoint && { forcePathStyle: true }) });
  }

  /** @throws Error that names the stack that could not be deleted, with CloudFormation's reason */
  async run(): Promise<void> {
    const { controlPlane } = this.stage;
    if (controlPlane) await this.closeIntake(controlPlane);
    const names = new Set(await stackNames(this.cloudformation));
    const tenants = KINDS.map((kind) => [...names].filter((name) => isOfTenant(name, kind)));
    const ofStacks = (await settled(tenants.flat().map((name) => this.databasesOf(name)))).flat();
    await deleteDatabasesOfNoStack(new RDSClient(this.stage.aws), new Set(ofStacks), this.log);
    for (const ofKind of tenants) await settled(ofKind.map((name) => this.delete(name)));
    const { aws } = this.stage;
    await retireTenantKeys({ kms: new KMSClient(aws), tagging: new ResourceGroupsTaggingAPIClient(aws) }, this.log);
    await this.removeLeftovers(controlPlane !== undefined);
    const cells = [...names].filter((name) => cellOfStack(name) !== undefined);
    for (const name of [DELIVERY, ...cells, CONTROL_PLANE, FOUNDATION].filter((each) => names.has(each)))
      await this.delete(name);
  }

  /** After this no signup starts a run, and no run continues. */
  private async closeIntake(controlPlane: StageConnection): Promise<void> {
    const events = new EventBridgeClient(this.stage.aws);
    const { eventBusName: EventBusName, stateMachineArn, releaseMachineArn, migrationMachineArn } = controlPlane;
    const { Rules = [] } = await events.send(new ListRulesCommand({ EventBusName }));
    for (const { Name } of Rules) await events.send(new DisableRuleCommand({ EventBusName, Name }));
    const client = new SFNClient(this.stage.aws);
    const runningOf = (machine: string) =>
      everyItem(
        paginateListExecutions({ client }, { stateMachineArn: machine, statusFilter: 'RUNNING' }),
        ({ executions }) => executions,
      );
    const machines = [stateMachineArn, releaseMachineArn, migrationMachineArn];
    const running = (await settled(machines.map(runningOf))).flat();
    for (const { executionArn } of running)
      await client.send(new StopExecutionCommand({ executionArn, cause: 'the stage is taken down' }));
    this.log(`intake closed, ${running.length} runs stopped`);
  }

  /**
   * Deletes what no stack owns: snapshots that people took, backups that RDS retains, and tenants'
   * DNS records. Route 53 deletes no hosted zone with records ("DeleteHostedZone",
   * HostedZoneNotEmpty).
   */
  private async removeLeftovers(isControlPlaneThere: boolean): Promise<void> {
    const { aws } = this.stage;
    const kinds = databaseLeftovers(new RDSClient(aws));
    const clients = { cloudformation: this.cloudformation, lambda: new LambdaClient(aws) };
    const { HOSTED_ZONE_ID: id } = isControlPlaneThere ? await environmentOf(clients, 'RegisterTenant') : {};
    if (id) kinds.push(nameLeftovers({ id, client: new Route53Client({ ...aws, maxAttempts: ZONE_ATTEMPTS }) }));
    for (const { kind, list, remove } of kinds)
      for (const leftover of await listed(list())) {
        await remove?.(leftover);
        this.log(`${kind} ${leftover.id} ${remove ? 'removed' : 'is of no stack, and stays'}`);
      }
  }

  private async delete(StackName: string): Promise<void> {
    // The deletion of a teardown that has stopped. "Protect CloudFormation stacks from being deleted": no change meanwhile.
    const { cloudformation } = this;
    const stack = await untilDeleted({ cloudformation }, StackName);
    if (stack) {
      await this.prepare(StackName);
      await deleteWholly({ cloudformation }, stack);
    }
    this.log(`${StackName} deleted`);
  }

  /** Takes away what keeps CloudFormation from the deletion. */
  private async prepare(StackName: string): Promise<void> {
    await this.cloudformation.send(
      new UpdateTerminationProtectionCommand({ StackName, EnableTerminationProtection: false }),
    );
    await this.emptyBuckets(StackName);
    await this.releaseDatabases(StackName);
  }

  private async releaseDatabases(StackName: string): Promise<void> {
    await releaseDatabases(new RDSClient(this.stage.aws), await this.databasesOf(StackName));
  }

  private databasesOf(StackName: string): Promise<string[]> {
    return this.resourcesOf(StackName, 'AWS::RDS::DBInstance');
  }

  private async emptyBuckets(StackName: string): Promise<void> {
    for (const bucket of await this.resourcesOf(StackName, 'AWS::S3::Bucket')) await this.empty(bucket);
  }

  /** Physical ids of the resources of one type that the stack has made. */
  private async resourcesOf(StackName: string, type: string): Promise<string[]> {
    const pages = paginateListStackResources({ client: this.cloudformation }, { StackName });
    const resources = await everyItem(pages, ({ StackResourceSummaries }) => StackResourceSummaries);
    return madeResources(resources, type);
  }

  private async empty(Bucket: string): Promise<void> {
    try {
      for (;;) {
        const { Versions = [], DeleteMarkers = [] } = await this.s3.send(new ListObjectVersionsCommand({ Bucket }));
        const Objects = [...Versions, ...DeleteMarkers].map(({ Key = '', VersionId }) => ({ Key, VersionId }));
        if (Objects.length === 0) return;
        const { Errors = [] } = await this.s3.send(
          new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true }, BypassGovernanceRetention: true }),
        );
        if (Errors[0]) throw new Error(`${Bucket}/${Errors[0].Key}: ${Errors[0].Message}`);
      }
    } catch (thrown) {
      if (!isNamed(thrown, 'NoSuchBucket')) throw thrown;
    }
  }
}
