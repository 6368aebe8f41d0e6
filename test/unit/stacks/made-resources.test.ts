import { madeResources } from '../../../functions/stacks/made-resources';

const BUCKET = 'AWS::S3::Bucket';
const aBucket = (ResourceStatus: string) => ({ ResourceType: BUCKET, ResourceStatus, PhysicalResourceId: 'bucket' });

test.each(['CREATE_COMPLETE', 'UPDATE_COMPLETE', 'UPDATE_FAILED', 'IMPORT_COMPLETE', 'DELETE_FAILED'])(
  'a stack has made the resource that is %s',
  (status) => expect(madeResources([aBucket(status)], BUCKET)).toEqual(['bucket']),
);

// CloudFormation names the bucket of somebody else, too, that was in the way.
test.each(['CREATE_FAILED', 'CREATE_IN_PROGRESS', 'DELETE_COMPLETE', 'DELETE_SKIPPED', 'IMPORT_ROLLBACK_COMPLETE'])(
  'a stack has not made, or has no longer, the resource that is %s',
  (status) => expect(madeResources([aBucket(status)], BUCKET)).toEqual([]),
);

test('a resource of another type is none of the wanted, nor is one without an id', () => {
  const role = { ...aBucket('CREATE_COMPLETE'), ResourceType: 'AWS::IAM::Role' };
  const nameless = { ...aBucket('CREATE_COMPLETE'), PhysicalResourceId: undefined };
  expect(madeResources([role, nameless], BUCKET)).toEqual([]);
});
