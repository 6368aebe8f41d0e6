import {
  type CloudFormationClient,
  DeleteStackCommand,
  ListStacksCommand,
  StackStatus,
} from '@aws-sdk/client-cloudformation';
import type { S3Client } from '@aws-sdk/client-s3';
import { tenantIdIn, tenantNames } from '../contract/naming';
import { pages } from '../shared/paging';
import { emptyBucket } from '../stacks/empty-bucket';
import { describeStack } from '../stacks/stacks';
import type { LeftoverKind } from './leftovers';

export interface StackLeftoversDeps {
  readonly cloudformation: Pick<CloudFormationClient, 'send'>;
  readonly s3: Pick<S3Client, 'send'>;
  readonly platform: { readonly accountId: string; readonly region: string; readonly stackRoleArn: string };
}

const LIVING = Object.values(StackStatus).filter((status) => status !== 'DELETE_COMPLETE');

/** Deletion takes its time: a stack that is being deleted is reported until it is gone. */
export function stackLeftovers({ cloudformation, s3, platform }: StackLeftoversDeps): LeftoverKind {
  return {
    kind: 'stack',
    list: async function* () {
      const ask = (NextToken?: string) =>
        cloudformation.send(new ListStacksCommand({ StackStatusFilter: LIVING, NextToken }));
      for await (const { StackSummaries = [] } of pages(ask, 'NextToken')) {
        for (const { StackName = '' } of StackSummaries) {
          const tenantId = StackName.startsWith('tenant-') ? tenantIdIn(StackName) : undefined;
          if (tenantId) yield { tenantId, id: StackName };
        }
      }
    },
    remove: async ({ tenantId, id }) => {
      // Termination protection is left alone: it is set on tenants that have been ACTIVE.
      if (id === tenantNames.stack(tenantId, 'storage')) {
        const stack = await describeStack(cloudformation, id);
        if (stack?.EnableTerminationProtection) return;
        await emptyBucket(s3, tenantNames.bucket(tenantId, platform.accountId, platform.region));
      }
      await cloudformation.send(new DeleteStackCommand({ StackName: id, RoleARN: platform.stackRoleArn }));
    },
  };
}
