import { type DoorClients, doorsOf } from '../../../functions/isolation/probes/real-doors';
import { termsOf } from '../../../functions/isolation/probes/terms';
import { sourceClients } from '../../../functions/isolation/sources';
import { REGION, theStacks } from '../../support/builders';
import { awsError, FakeClient } from '../../support/fake-client';
import { aSubject } from '../../support/isolated-tenant';

const subject = aSubject({ routed: true });
const Credentials = { AccessKeyId: 'ASIA', SecretAccessKey: 'secret', SessionToken: 'token' };
const nowhere = sourceClients({ region: REGION, endpoint: 'http://127.0.0.1:9' });
const doorsOver = (sts: FakeClient) => doorsOf({ ...nowhere, sts } as unknown as DoorClients, subject);
const { EndpointAddress } = theStacks().database.outputs;

test('a tenant whose role is refused has tried nothing: no door behind it counts as refused', async () => {
  const { tenant, tenantsObject } = doorsOver(new FakeClient({ AssumeRoleCommand: awsError('AccessDenied') }));
  const tries: readonly (() => Promise<unknown>)[] = [
    () => tenant.list('bucket'),
    () => tenant.write('bucket'),
    tenantsObject.written,
    tenantsObject.readByOther,
    () => tenant.useKey('key'),
    () => tenant.keyRoundTrip('key'),
    () => tenant.readSecret('secret'),
    () => tenant.signLogin('host', 5432, 'user'),
  ];
  for (const each of tries) await expect(each()).rejects.toThrow(`${termsOf(subject).roleArn} cannot be taken on`);
});

test('a role that cannot be asked for is a fault, not a refusal', async () => {
  const doors = doorsOver(new FakeClient({ AssumeRoleCommand: awsError('ThrottlingException') }));
  await expect(doors.tenant.list('bucket')).rejects.toMatchObject({ name: 'ThrottlingException' });
  await expect(doors.takeOn(termsOf(subject))).rejects.toMatchObject({ name: 'ThrottlingException' });
});

test('a session is opened once, on the terms of the shared service', async () => {
  const sts = new FakeClient({ AssumeRoleCommand: { Credentials } });
  const { tenant } = doorsOver(sts);
  const tokens = await Promise.all([1, 2, 3].map(() => tenant.signLogin(EndpointAddress, 5432, 'app_user')));
  expect(tokens[0]).toMatch(
    new RegExp(`^${EndpointAddress}:5432/\\?Action=connect&DBUser=app_user&.*X-Amz-Signature=`),
  );
  const { roleArn, externalId, tenantId } = termsOf(subject);
  expect(sts.inputs('AssumeRoleCommand')).toEqual([
    {
      RoleArn: roleArn,
      RoleSessionName: `VerifyIsolation-${tenantId}`,
      DurationSeconds: 900,
      ExternalId: externalId,
      Tags: [{ Key: 'tenantId', Value: tenantId }],
    },
  ]);
});

test('terms that leave something out leave it out of the request', async () => {
  const sts = new FakeClient({ AssumeRoleCommand: awsError('AccessDenied') });
  const { roleArn, externalId, tenantId } = termsOf(subject);
  const doors = doorsOver(sts);
  expect(await doors.takeOn({ roleArn, tenantId })).toEqual({ opened: false, refusal: 'AccessDenied' });
  await doors.takeOn({ roleArn, externalId });
  const [withoutId, withoutTag] = sts.inputs('AssumeRoleCommand');
  expect(withoutId).not.toHaveProperty('ExternalId');
  expect(withoutTag).not.toHaveProperty('Tags');
});

test('AWS’s answer without credentials opens nothing', async () => {
  const doors = doorsOver(new FakeClient({ AssumeRoleCommand: {} }));
  await expect(doors.takeOn(termsOf(subject))).rejects.toThrow('without credentials');
});
