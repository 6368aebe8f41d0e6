import type { StackEvent } from '@aws-sdk/client-cloudformation';
import { REASON_MAX_LENGTH } from '../../../functions/contract/tenant';
import { deletionFailure, describeStack, firstFailure, stackNameOf } from '../../../functions/stacks/stacks';
import { awsError, FakeClient } from '../../support/fake-client';
import { FakeStacks } from '../../support/fake-stacks';

const event = (LogicalResourceId: string, ResourceStatus: string, ResourceStatusReason?: string): StackEvent =>
  ({
    LogicalResourceId,
    ResourceType: LogicalResourceId === 'tenant-t1-database' ? 'AWS::CloudFormation::Stack' : 'AWS::RDS::DBInstance',
    ResourceStatus,
    ...(ResourceStatusReason && { ResourceStatusReason }),
  }) as StackEvent;
const STACK = 'tenant-t1-database';
const CANCELLED = 'Resource creation cancelled';

const failureOf = (during: 'CREATE' | 'DELETE', ...events: StackEvent[]) => {
  const stacks = new FakeStacks();
  const { StackId } = stacks.add(STACK, { events });
  return firstFailure(stacks, StackId, during);
};

describe('firstFailure', () => {
  it('names the resource that failed first, with AWS’s own reason, not CloudFormation’s summary', async () => {
    const reason = await failureOf(
      'CREATE',
      event(STACK, 'CREATE_IN_PROGRESS', 'User Initiated'),
      event('Primary', 'CREATE_IN_PROGRESS'),
      event('Primary', 'CREATE_FAILED', 'instance class db.x is not available'),
      event('Replica', 'CREATE_FAILED', CANCELLED),
      event('Other', 'CREATE_FAILED', 'too late'),
      event(STACK, 'CREATE_FAILED', 'The following resource(s) failed to create: [Primary, Replica].'),
      event(STACK, 'ROLLBACK_IN_PROGRESS'),
      event('Primary', 'DELETE_COMPLETE'),
      event(STACK, 'ROLLBACK_COMPLETE'),
    );
    expect(reason).toBe('AWS::RDS::DBInstance Primary: instance class db.x is not available');
  });

  it('does not name resources whose creation was only cancelled', async () => {
    const reason = await failureOf(
      'CREATE',
      event(STACK, 'CREATE_IN_PROGRESS'),
      event('Alarm', 'CREATE_FAILED', CANCELLED),
      event('Primary', 'CREATE_FAILED', 'no capacity'),
    );
    expect(reason).toBe('AWS::RDS::DBInstance Primary: no capacity');
  });

  it('names the failures of the latest deletion, not of the creation or an earlier deletion', async () => {
    const reason = await failureOf(
      'DELETE',
      event(STACK, 'CREATE_IN_PROGRESS'),
      event('Primary', 'CREATE_FAILED', 'no capacity'),
      event(STACK, 'DELETE_IN_PROGRESS'),
      event('Vpc', 'DELETE_FAILED', 'has dependencies'),
      event(STACK, 'DELETE_FAILED', 'summary'),
      event(STACK, 'DELETE_IN_PROGRESS'),
      event('Secret', 'DELETE_FAILED', 'access denied'),
      event(STACK, 'DELETE_FAILED', 'summary'),
    );
    expect(reason).toBe('AWS::RDS::DBInstance Secret: access denied');
  });

  it('says so when no resource has failed', async () => {
    const reason = await failureOf('CREATE', event(STACK, 'CREATE_IN_PROGRESS'), event(STACK, 'ROLLBACK_COMPLETE'));
    expect(reason).toBeUndefined();
  });

  it('says what CloudFormation has found before it made any resource', async () => {
    const stacks = new FakeStacks();
    const found = {
      EventType: 'VALIDATION_ERROR',
      ValidationStatus: 'FAILED',
      ResourceType: 'AWS::S3::Bucket',
    } as const;
    const stack = stacks.add('tenant-t1-storage', {
      early: [
        { EventType: 'PROVISIONING_ERROR', ResourceStatusReason: 'Validation failed with 1 error(s).' },
        { ...found, LogicalResourceId: 'Bucket', ValidationStatusReason: 'b already exists' },
        { EventType: 'HOOK_INVOCATION_ERROR', LogicalResourceId: 'Key', HookStatusReason: 'not tagged' },
      ],
    });
    stacks.become(stack, 'ROLLBACK_COMPLETE');
    await expect(firstFailure(stacks, stack.StackId, 'CREATE')).resolves.toBe(
      'AWS::S3::Bucket Bucket: b already exists; stack Key: not tagged',
    );
  });

  it('accepts a failure without a reason, and cuts a long reason', async () => {
    const begun = event(STACK, 'CREATE_IN_PROGRESS');
    await expect(failureOf('CREATE', begun, event('A', 'CREATE_FAILED'))).resolves.toMatch(/A: AWS gave no reason$/);
    const endless = await failureOf('CREATE', begun, event('A', 'CREATE_FAILED', 'x'.repeat(9000)));
    expect(endless).toHaveLength(REASON_MAX_LENGTH);
  });
});

describe('deletionFailure', () => {
  it('F3: names every resource that prevents the deletion, by its AWS id', async () => {
    const stacks = new FakeStacks();
    const failed = (id: string, PhysicalResourceId: string, reason: string) => ({
      ...event(id, 'DELETE_FAILED', reason),
      PhysicalResourceId,
    });
    const events = [
      event(STACK, 'DELETE_IN_PROGRESS'),
      failed('DatabaseSubnetA', 'subnet-0a', 'has dependencies and cannot be deleted'),
      failed('Vpc', 'vpc-0a', 'has dependencies'),
      event(STACK, 'DELETE_FAILED', 'summary'),
    ];
    const { StackId } = stacks.add(STACK, { events });
    await expect(deletionFailure(stacks, StackId)).resolves.toBe(
      'AWS::RDS::DBInstance DatabaseSubnetA: has dependencies and cannot be deleted (subnet-0a); also not deleted: vpc-0a',
    );
  });
});

describe('describeStack', () => {
  it('returns nothing when CloudFormation knows no such stack', async () => {
    await expect(describeStack(new FakeStacks(), 'tenant-t1-network')).resolves.toBeUndefined();
  });

  it.each([
    awsError('ValidationError', "1 validation error detected: Value '' at 'stackName' failed to satisfy constraint"),
    awsError('Throttling'),
  ])('throws %s unchanged: it does not mean that there is no such stack', async (thrown) => {
    const client = new FakeClient({ DescribeStacksCommand: thrown });
    await expect(describeStack(client, 'x')).rejects.toBe(thrown);
  });
});

test('reads the stack’s name from its id', () => {
  expect(stackNameOf('arn:aws:cloudformation:eu-central-1:111122223333:stack/tenant-t1-network/2c3d')).toBe(
    'tenant-t1-network',
  );
});
