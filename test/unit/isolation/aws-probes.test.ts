import { probesOf } from '../../../functions/isolation/probes/aws-probes';
import type { ProbeClients } from '../../../functions/isolation/probes/aws-session';
import { decoyDoors } from '../../../functions/isolation/probes/decoy-doors';
import { decoyTermsOf, termsOf } from '../../../functions/isolation/probes/terms';
import { sourceClients } from '../../../functions/isolation/sources';
import { REGION, theStacks } from '../../support/builders';
import { awsError, FakeClient } from '../../support/fake-client';
import { aSubject } from '../../support/isolated-tenant';

const subject = aSubject({ routed: true });
const Credentials = { AccessKeyId: 'ASIA', SecretAccessKey: 'secret', SessionToken: 'token' };
const nowhere = sourceClients({ region: REGION, endpoint: 'http://127.0.0.1:9' });
const probesOver = (sts: FakeClient) => probesOf({ ...nowhere, sts } as unknown as ProbeClients, subject);
const { EndpointAddress } = theStacks().database.outputs;

test('a denied role proves nothing: no probe that needs it counts as denied', async () => {
  const { tenant, tenantsObject } = probesOver(new FakeClient({ AssumeRoleCommand: awsError('AccessDenied') }));
  const probes: readonly (() => Promise<unknown>)[] = [
    () => tenant.list('bucket'),
    () => tenant.write('bucket'),
    tenantsObject.written,
    tenantsObject.readByOther,
    () => tenant.useKey('key'),
    () => tenant.keyRoundTrip('key'),
    () => tenant.readSecret('secret'),
    () => tenant.signLogin('host', 5432, 'user'),
  ];
  for (const each of probes) await expect(each()).rejects.toThrow(`${termsOf(subject).roleArn} cannot be assumed`);
});

test('an error of STS that is no denial is an error of the probe', async () => {
  const probes = probesOver(new FakeClient({ AssumeRoleCommand: awsError('ThrottlingException') }));
  await expect(probes.tenant.list('bucket')).rejects.toMatchObject({ name: 'ThrottlingException' });
  await expect(probes.assumeRole(termsOf(subject))).rejects.toMatchObject({ name: 'ThrottlingException' });
});

test('opens one session, with external ID and session tag as the shared service does', async () => {
  const sts = new FakeClient({ AssumeRoleCommand: { Credentials } });
  const { tenant } = probesOver(sts);
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

test('leaves a parameter out of AssumeRole when the probe leaves it out', async () => {
  const sts = new FakeClient({ AssumeRoleCommand: awsError('AccessDenied') });
  const { roleArn, externalId, tenantId } = termsOf(subject);
  const probes = probesOver(sts);
  expect(await probes.assumeRole({ roleArn, tenantId })).toEqual({ allowed: false, denial: 'AccessDenied' });
  await probes.assumeRole({ roleArn, externalId });
  const [withoutId, withoutTag] = sts.inputs('AssumeRoleCommand');
  expect(withoutId).not.toHaveProperty('ExternalId');
  expect(withoutTag).not.toHaveProperty('Tags');
});

test('an answer of STS without credentials opens no session', async () => {
  const probes = probesOver(new FakeClient({ AssumeRoleCommand: {} }));
  await expect(probes.assumeRole(termsOf(subject))).rejects.toThrow('without credentials');
});

test('a decoy’s session serves the tenants of a minute, and each tenant has its own', async () => {
  const sts = new FakeClient({ AssumeRoleCommand: { Credentials } });
  const clients = { ...nowhere, sts } as unknown as ProbeClients;
  const doors = decoyDoors(clients);
  for (let run = 0; run < 3; run++) {
    const { own } = probesOf(clients, subject, doors);
    await expect(own.decoy.session()).resolves.toEqual({ allowed: true });
    await expect(own.tenant.session()).resolves.toEqual({ allowed: true });
  }
  const roles = sts.inputs('AssumeRoleCommand').map(({ RoleArn }) => RoleArn);
  expect(roles.filter((arn) => arn === decoyTermsOf(subject).roleArn)).toHaveLength(1);
  expect(roles.filter((arn) => arn === termsOf(subject).roleArn)).toHaveLength(3);
});

test('a decoy that AWS denies is tried again by the next tenant', async () => {
  const sts = new FakeClient({
    AssumeRoleCommand: (_: unknown, before: number) => (before === 0 ? awsError('AccessDenied') : { Credentials }),
  });
  const clients = { ...nowhere, sts } as unknown as ProbeClients;
  const doors = decoyDoors(clients);
  await expect(probesOf(clients, subject, doors).own.decoy.session()).rejects.toThrow('cannot be assumed');
  await expect(probesOf(clients, subject, doors).own.decoy.session()).resolves.toEqual({ allowed: true });
});
