import { TENANT_TAG, tenantNames } from '../../contract/naming';
import { type Check, checksOf, expectEqual, finding } from '../check';
import { tagsOf } from '../facts/reading';
import { SECRETS_METADATA } from '../metadata/secrets';
import { nameOf, whatOf, whoOf } from '../policy-document';
import { tenantIdOf } from '../subject';

export const SECRETS_CHECKS: readonly Check[] = checksOf(SECRETS_METADATA, {
  'secrets.identity': async (subject, { facts }) => {
    const { Name, Tags, DeletedDate } = await facts.secrets.description();
    const tenantId = tenantIdOf(subject);
    return finding(
      [
        ...expectEqual('the secret’s name', Name, tenantNames.secret(tenantId)),
        ...expectEqual(`the secret’s tag ${TENANT_TAG}`, tagsOf(Tags)[TENANT_TAG], tenantId),
        ...(DeletedDate ? ['the secret is scheduled for deletion'] : []),
      ],
      tenantNames.secret(tenantId),
    );
  },
  'secrets.encryption': async ({ key }, { facts }) =>
    finding(
      expectEqual('the secret’s KMS key', (await facts.secrets.description()).KmsKeyId, key.keyArn),
      'encrypted under the tenant’s key',
    ),
  'secrets.policy': async (_, { facts }) => {
    const allowing = (await facts.secrets.policy()).filter(({ effect }) => effect === 'Allow');
    return finding(
      allowing.map((each) => `statement ${nameOf(each)} grants ${whoOf(each)} ${whatOf(each)}`),
      'the resource policy allows nothing',
    );
  },
  'secrets.replicas': async (_, { facts }) => {
    const { ReplicationStatus = [] } = await facts.secrets.description();
    return finding(
      ReplicationStatus.map(({ Region }) => `the secret is replicated to ${Region}`),
      'the secret has no replica',
    );
  },
  'secrets.rotation-function': async (_, { facts }) => {
    const { RotationEnabled, RotationLambdaARN } = await facts.secrets.description();
    return finding(
      RotationEnabled ? [`${RotationLambdaARN ?? 'an AWS service'} rotates the secret`] : [],
      'rotation is off',
    );
  },
});
