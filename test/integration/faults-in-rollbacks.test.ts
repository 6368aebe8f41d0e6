import { CloudWatchLogsClient, CreateLogGroupCommand, DeleteLogGroupCommand } from '@aws-sdk/client-cloudwatch-logs';
import { CreateBucketCommand, DeleteBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { tenantIdOf } from '../../functions/contract/naming';
import { unowned } from '../faults/census';
import { signupOf } from '../faults/trial';
import { judge } from '../faults/verdict';
import { faultBench, testTrials } from '../support/fault-trials';

const bench = faultBench();

describe('the census', () => {
  const tenantId = tenantIdOf(signupOf('recording', 'undone 0').signupId);
  const end = { status: 'FAILED', state: 'ConcludeFailure', error: 'AccessDenied', cause: '' };

  test('finds nothing of a failed onboarding, and everything of an ACTIVE tenant', async () => {
    const census = await bench.lab().census();
    const { complete } = bench.recording();
    expect(judge(end, tenantId, census, complete)).toEqual({ ending: 'clean', orphans: [], problems: [] });
    const active = tenantIdOf(signupOf('recording', 'plain 0').signupId);
    const succeeded = { ...end, status: 'SUCCEEDED' };
    expect(judge(succeeded, active, census, complete)).toMatchObject({ ending: 'active', problems: [] });
  });

  test('finds what a failed onboarding left behind, and resources without an owner', async () => {
    const { platform } = bench.lab();
    const logs = new CloudWatchLogsClient(platform.aws);
    const s3 = new S3Client(platform.aws);
    const logGroupName = `/aws/rds/instance/tenant-${tenantId}/postgresql`;
    await logs.send(new CreateLogGroupCommand({ logGroupName }));
    await s3.send(new CreateBucketCommand({ Bucket: 'forgotten' }));
    const census = await bench.lab().census();
    await logs.send(new DeleteLogGroupCommand({ logGroupName }));
    await s3.send(new DeleteBucketCommand({ Bucket: 'forgotten' }));
    const found = judge(end, tenantId, census, bench.recording().complete);
    expect(found.orphans).toEqual([`log group ${logGroupName}`]);
    expect(found.problems).toEqual([`left behind: log group ${logGroupName}`]);
    expect(unowned(census)).toEqual([{ kind: 's3 bucket', name: 'forgotten' }]);
  });
});

/** Each kind of fault of the rollback, at the calls, states and stacks that are hardest to get right. */
testTrials(bench, [
  'throttled three times, in the rollback: DeleteNetwork cloudformation:DeleteStack#1',
  'refused for good, in the rollback: RetireTenantKey kms:ScheduleKeyDeletion#1',
  'answered 5xx before the effect, in the rollback: PublishFailure events:PutEvents#1',
  'effect done, answer lost, in the rollback: ReleaseReservation dynamodb:TransactWriteItems#1',
  'function killed after the effect, in the rollback: DeregisterTenant elasticloadbalancing:DeleteRule#1',
  'state times out, in the rollback: DeleteDatabase',
  'stack fails at a resource, in the rollback: network Vpc',
  'StopExecution, in the rollback: RetireTenantKey',
]);
