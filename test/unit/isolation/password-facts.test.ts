import { RDSClient } from '@aws-sdk/client-rds';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { Unanswered } from '../../../functions/isolation/check';
import { passwordFacts } from '../../../functions/isolation/facts/password-facts';
import { theStacks } from '../../support/builders';
import { FakeClient } from '../../support/fake-client';
import { aSubject } from '../../support/isolated-tenant';

const { InstanceId, ReplicaId } = theStacks().database.outputs;

/** AWS beside a rotation. @param secretAt what the secret is at each reading, and `waits` whether the instance has a password to apply */
function scene(secretAt: (reading: number) => string, waits: (reading: number) => boolean) {
  const rds = new FakeClient({
    DescribeDBInstancesCommand: (_: unknown, reading: number) => ({
      DBInstances: [InstanceId, ReplicaId].map((DBInstanceIdentifier) => ({
        DBInstanceIdentifier,
        PendingModifiedValues: waits(reading) ? { MasterUserPassword: '****' } : {},
      })),
    }),
    DescribeEventsCommand: { Events: [] },
  });
  const secrets = new FakeClient({
    DescribeSecretCommand: (_: unknown, reading: number) => ({
      VersionIdsToStages: { [secretAt(reading)]: ['AWSCURRENT'] },
      $metadata: { requestId: reading },
    }),
    ListSecretVersionIdsCommand: { Versions: [] },
  });
  const region = { region: 'eu-central-1' };
  const facts = passwordFacts(
    Object.assign(new RDSClient(region), { send: rds.send }),
    Object.assign(new SecretsManagerClient(region), { send: secrets.send }),
    aSubject(),
  );
  return { facts, rds, secrets };
}

test('reads instance and secret between two equal readings of the secret', async () => {
  const { facts, secrets } = scene(
    () => 'same',
    () => true,
  );
  const { instances } = await facts.atOneMoment();
  expect(instances.map(({ PendingModifiedValues }) => PendingModifiedValues?.MasterUserPassword)).toEqual([
    '****',
    '****',
  ]);
  expect(secrets.inputs('DescribeSecretCommand')).toHaveLength(2);
});

test('reads the instance again when the rotation ends after it was read', async () => {
  const { facts } = scene(
    (reading) => (reading === 0 ? 'former' : 'new'),
    (reading) => reading === 0,
  );
  const { instances, description } = await facts.atOneMoment();
  expect(Object.keys(description.VersionIdsToStages ?? {})).toEqual(['new']);
  expect(instances[0]?.PendingModifiedValues).toEqual({});
});

test('has no answer when the secret is another at every reading', async () => {
  const { facts } = scene(String, () => true);
  await expect(facts.atOneMoment()).rejects.toThrow(Unanswered);
});
