import { fetchReport } from '../../../operations/client/evidence';
import { awsError, FakeClient } from '../../support/fake-client';

it('a report that is not in the bucket is no error of S3', async () => {
  const missing = { s3: new FakeClient({ GetObjectCommand: awsError('NoSuchKey') }), bucket: 'evidence' };
  await expect(fetchReport(missing, 'tenants/t1/none.json', undefined)).resolves.toBeUndefined();
  const denied = { s3: new FakeClient({ GetObjectCommand: awsError('AccessDenied') }), bucket: 'evidence' };
  await expect(fetchReport(denied, 'tenants/t1/none.json', undefined)).rejects.toMatchObject({ name: 'AccessDenied' });
});
