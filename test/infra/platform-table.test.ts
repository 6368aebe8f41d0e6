import { STAGES, stages } from '../../infra/config/stages';
import { resourcesOf, stageTemplates, statementsIn } from '../support/stage-templates';

describe.each(STAGES)('D12: the tenants table of stage %s', (stage) => {
  const { foundation, all } = stageTemplates(stage);
  const [[, table] = []] = resourcesOf(foundation, 'AWS::DynamoDB::Table');
  const { SSESpecification } = table?.Properties ?? {};
  const keyId: string = SSESpecification?.KMSMasterKeyId['Fn::GetAtt'][0];
  const key = Object.fromEntries(resourcesOf(foundation, 'AWS::KMS::Key'))[keyId];

  test('is encrypted with a customer managed key that rotates', () => {
    expect(SSESpecification).toMatchObject({ SSEEnabled: true, SSEType: 'KMS' });
    expect(key?.Properties.EnableKeyRotation).toBe(true);
  });

  test('has a key that only DynamoDB uses, for principals of this account', () => {
    const using = (key?.Properties.KeyPolicy.Statement ?? []).filter(
      ({ Effect, Principal }: { Effect: string; Principal: { AWS?: unknown } }) =>
        Effect === 'Allow' && Principal.AWS === '*',
    );
    expect(using).toHaveLength(1);
    expect(using[0].Condition).toEqual({
      StringEquals: {
        'kms:CallerAccount': expect.anything(),
        'kms:ViaService': expect.stringMatching(/^dynamodb\.[a-z0-9-]+\.amazonaws\.com$/),
      },
    });
    expect(using[0].Action).toEqual(expect.arrayContaining(['kms:Decrypt', 'kms:CreateGrant', 'kms:DescribeKey']));
    expect(using[0].Action.join()).not.toContain('*');
  });

  test('has a key on which no role has its own permission', () => {
    const roles = all.flatMap((template) => resourcesOf(template, 'AWS::IAM::Role'));
    const statements = roles.flatMap(([, { Properties }]) => statementsIn(Properties.Policies ?? []));
    expect(statements.filter(({ Resource }) => JSON.stringify(Resource).includes(keyId))).toEqual([]);
  });

  test('keeps its key if the stage protects its data', () => {
    const denied = (key?.Properties.KeyPolicy.Statement ?? []).filter(
      ({ Effect }: { Effect: string }) => Effect === 'Deny',
    );
    expect(denied.map(({ Action }: { Action: string[] }) => Action)).toEqual(
      stages[stage].deletionProtection ? [['kms:ScheduleKeyDeletion', 'kms:DisableKey']] : [],
    );
  });
});
