import { CloudWatchLogsClient, CreateLogGroupCommand, DeleteLogGroupCommand } from '@aws-sdk/client-cloudwatch-logs';
import { CreateBucketCommand, DeleteBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { conduct } from '../../faults/campaign';
import { strays } from '../../faults/census';
import { Lab } from '../../faults/lab';
import { matrix } from '../../faults/matrix';
import { type Recording, record } from '../../faults/recording';
import type { TrialResult } from '../../faults/run-trial';
import { isBroken, rows } from '../../faults/table';
import { signupOf } from '../../faults/trial';
import { judge } from '../../faults/verdict';
import { tenantIdOf } from '../../functions/contract/naming';

/** A cut through the matrix that `npm run faults` runs whole: each kind of fault, at the calls that are hardest to get right. */
const CUT = [
  'throttled three times: CreateTenantKey kms:CreateKey#1',
  'throttled three times, in the rollback: DeleteNetwork cloudformation:DeleteStack#1',
  'refused for good: ReserveTenant dynamodb:TransactWriteItems#1',
  'refused for good: VerifyIsolation kms:GetKeyPolicy#1',
  'refused for good: PublishCompletion events:PutEvents#1',
  'refused for good, in the rollback: RetireTenantKey kms:ScheduleKeyDeletion#1',
  'answered 5xx before the effect: LaunchDatabase cloudformation:CreateStack#1',
  'answered 5xx before the effect, in the rollback: PublishFailure events:PutEvents#1',
  'effect done, answer lost: RegisterTenant elasticloadbalancing:CreateRule#1',
  'effect done, answer lost: ReserveTenant dynamodb:TransactWriteItems#1',
  'effect done, answer lost, in the rollback: ReleaseReservation dynamodb:TransactWriteItems#1',
  'function killed after the effect: CreateTenantKey kms:CreateKey#1',
  'function killed after the effect: ActivateTenant dynamodb:TransactWriteItems#1',
  'function killed after the effect, in the rollback: DeregisterTenant elasticloadbalancing:DeleteRule#1',
  'state times out: VerifyIsolation',
  'state times out, in the rollback: DeleteDatabase',
  'stack fails at a resource: database Replica',
  'stack fails at a resource, in the rollback: network Vpc',
  'stack event doubled: network',
  'StopExecution: RegisterTenant',
  'StopExecution, in the rollback: RetireTenantKey',
  'sibling still launching: storage being created',
];

let lab: Lab;
let recording: Recording;
let lent = false;

beforeAll(async () => {
  lab = await Lab.start();
  recording = await record(lab, 1);
}, 300_000);
// The last test gives the platform to its campaign, which ends it.
afterAll(async () => {
  if (!lent) await lab?.stop();
}, 60_000);

describe('the census', () => {
  const tenantId = tenantIdOf(signupOf('recording', 'undone 0').signupId);
  const end = { status: 'FAILED', state: 'ConcludeFailure', error: 'AccessDenied', cause: '' };

  test('finds a failed onboarding clean, and an ACTIVE tenant complete', async () => {
    const census = await lab.census();
    expect(judge(end, tenantId, census, recording.complete)).toEqual({ outcome: 'clean', orphans: [], problems: [] });
    const active = tenantIdOf(signupOf('recording', 'plain 0').signupId);
    const succeeded = { ...end, status: 'SUCCEEDED' };
    expect(judge(succeeded, active, census, recording.complete)).toMatchObject({ outcome: 'active', problems: [] });
  });

  test("finds what a failed onboarding left behind, and what is nobody's", async () => {
    const logs = new CloudWatchLogsClient(lab.platform.aws);
    const s3 = new S3Client(lab.platform.aws);
    const logGroupName = `/aws/rds/instance/tenant-${tenantId}/postgresql`;
    await logs.send(new CreateLogGroupCommand({ logGroupName }));
    await s3.send(new CreateBucketCommand({ Bucket: 'forgotten' }));
    const census = await lab.census();
    await logs.send(new DeleteLogGroupCommand({ logGroupName }));
    await s3.send(new DeleteBucketCommand({ Bucket: 'forgotten' }));
    const found = judge(end, tenantId, census, recording.complete);
    expect(found.orphans).toEqual([`log group ${logGroupName}`]);
    expect(found.problems).toEqual([`left behind: log group ${logGroupName}`]);
    expect(strays(census)).toEqual([{ kind: 's3 bucket', name: 'forgotten' }]);
  });
});

test('whatever fails, a tenant is ACTIVE or gone without a trace, and a redrive finishes the job', async () => {
  const all = matrix(recording);
  const trials = CUT.flatMap((key) => all.filter((trial) => trial.key === key));
  expect(trials.map(({ key }) => key)).toEqual(CUT);
  const results: TrialResult[] = [];
  lent = true;
  const ofPlatform = await conduct(trials, lab, { recording, seed: 'cut', done: (result) => results.push(result) });
  expect(ofPlatform).toEqual([]);
  expect(results.filter(isBroken).map(({ trial, problems, unmet }) => ({ key: trial.key, problems, unmet }))).toEqual(
    [],
  );
  const unaided = results.filter(({ outcome }) => outcome === 'active').length;
  const redriven = rows(results).reduce((sum, { redrivenToActive }) => sum + redrivenToActive, 0);
  // A tenant whose announcement alone failed is ACTIVE before its run is redriven.
  expect(unaided + redriven).toBeGreaterThanOrEqual(CUT.length);
}, 300_000);
