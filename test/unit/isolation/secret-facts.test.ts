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

describe('the versions that have a stage', () => {
  const ask = async (VersionIdsToStages: Record<string, string[]>) => {
    const sent: string[] = [];
    const Versions = Object.entries(VersionIdsToStages).map(([VersionId, VersionStages], n) => ({
      ...{ VersionId, VersionStages, CreatedDate: made(n + 1) },
    }));
    const send = async ({ constructor: { name } }: object) => {
      sent.push(name);
      return name === 'DescribeSecretCommand' ? { VersionIdsToStages } : { Versions };
    };
    const client = Object.assign(new SecretsManagerClient({ region: 'eu-central-1' }), { send });
    return { staged: await secretFacts(client, aSubject()).staged(), sent };
  };

  it('are told by the secret while none was in force before', async () => {
    const { staged, sent } = await ask({ v1: ['AWSCURRENT'], v2: ['AWSPENDING'], v3: ['SUPPORT'] });
    expect(staged).toEqual([{ stages: ['AWSCURRENT'] }, { stages: ['AWSPENDING'] }, { stages: ['SUPPORT'] }]);
    expect(sent).toEqual(['DescribeSecretCommand']);
  });

  it('have their times where one was in force before', async () => {
    const { staged } = await ask({ v1: ['AWSCURRENT'], v2: ['AWSPREVIOUS'] });
    expect(staged).toEqual([
      { stages: ['AWSCURRENT'], madeAt: made(1) },
      { stages: ['AWSPREVIOUS'], madeAt: made(2) },
    ]);
  });
});
