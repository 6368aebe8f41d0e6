import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { secretFacts } from '../../../functions/isolation/facts/secret-facts';
import { aSubject } from '../../support/isolated-tenant';

const made = (day: number) => new Date(Date.UTC(2026, 0, day));

test('leaves out a version that a rotation has only begun', async () => {
  const Versions = [
    { CreatedDate: made(1), VersionStages: [] },
    { CreatedDate: made(2), VersionStages: ['AWSPREVIOUS'] },
    { CreatedDate: made(3), VersionStages: ['AWSCURRENT', 'AWSPENDING'] },
    { CreatedDate: made(4), VersionStages: ['AWSPENDING'] },
  ];
  const client = Object.assign(new SecretsManagerClient({ region: 'eu-central-1' }), {
    send: async () => ({ Versions }),
  });
  const facts = secretFacts(client, aSubject());
  await expect(facts.versions()).resolves.toEqual([made(1), made(2), made(3)]);
  await expect(facts.pendingSince()).resolves.toEqual(made(4));
});
