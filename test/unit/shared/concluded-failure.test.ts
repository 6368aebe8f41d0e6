import { ConcludedFailure } from '../../../functions/shared/concluded-failure';

test.each(['StackFailed', 'Lambda.Unknown', 'TaskFailed'])(
  'has the name %s of the failure that it concludes',
  (error) => {
    const concluded = new ConcludedFailure(error, 'ProvisionStacks: AWS::S3::Bucket Bucket: exists');
    expect(concluded).toBeInstanceOf(Error);
    expect(concluded.name).toBe(error);
    expect(concluded.message).toBe('ProvisionStacks: AWS::S3::Bucket Bucket: exists');
  },
);
