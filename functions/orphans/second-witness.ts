import type { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { GetObjectCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import * as z from 'zod';
import { EVIDENCE_PREFIX, tenantNames } from '../contract/naming';
import { STACK_KINDS } from '../contract/stacks';
import { pages } from '../shared/paging';
import { unlessNamed } from '../shared/unless';
import { describeStack } from '../stacks/stacks';

export interface WitnessDeps {
  readonly cloudformation: Pick<CloudFormationClient, 'send'>;
  readonly s3: Pick<S3Client, 'send'>;
  readonly platform: { readonly accountId: string; readonly region: string };
  readonly evidenceBucketName: string;
}

/** So many of the last reports are read: a tenant in service leaves one a day. */
const REPORTS = 3;
const ReportSchema = z.object({ passed: z.boolean(), routed: z.boolean() });

async function protectedStack({ cloudformation }: WitnessDeps, tenantId: string): Promise<string | undefined> {
  for (const kind of STACK_KINDS) {
    const name = tenantNames.stack(tenantId, kind);
    if ((await describeStack(cloudformation, name))?.EnableTerminationProtection)
      return `stack ${name} has termination protection`;
  }
  return undefined;
}

/** Nobody can remove a report while its lock lasts, and only a tenant in service has one of an open route. */
async function reportOfService(deps: WitnessDeps, tenantId: string): Promise<string | undefined> {
  const { s3, evidenceBucketName: Bucket } = deps;
  const keys: string[] = [];
  const ask = (ContinuationToken?: string) =>
    s3.send(new ListObjectsV2Command({ Bucket, Prefix: `${EVIDENCE_PREFIX}${tenantId}/`, ContinuationToken }));
  for await (const { Contents = [] } of pages(ask, 'NextContinuationToken'))
    keys.push(...Contents.flatMap(({ Key = '' }) => (Key.endsWith('.json') ? [Key] : [])));
  for (const Key of keys.slice(-REPORTS)) {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
    const report = ReportSchema.safeParse(JSON.parse((await Body?.transformToString()) ?? '{}')).data;
    if (report?.passed && report.routed) return `report ${Key} verified it in service`;
  }
  return undefined;
}

async function youngObject(deps: WitnessDeps, tenantId: string, since: string): Promise<string | undefined> {
  const { s3, platform } = deps;
  const Bucket = tenantNames.bucket(tenantId, platform.accountId, platform.region);
  const { Contents = [] } = (await unlessNamed(s3.send(new ListObjectsV2Command({ Bucket })), 'NoSuchBucket')) ?? {};
  const young = Contents.find(({ LastModified }) => (LastModified?.getTime() ?? 0) > Date.parse(since));
  return young && `object ${young.Key} of ${Bucket} is younger than its failure`;
}

/**
 * Asks AWS whether a tenant whose record says FAILED has been in service all the same: one write to
 * one record must not be enough to lose a customer's data.
 *
 * @param since when the record says that the tenant failed, ISO 8601
 * @returns what speaks for the tenant; undefined when nothing does
 */
export async function witnessFor(deps: WitnessDeps, tenantId: string, since: string): Promise<string | undefined> {
  return (
    (await protectedStack(deps, tenantId)) ??
    (await reportOfService(deps, tenantId)) ??
    (await youngObject(deps, tenantId, since))
  );
}
