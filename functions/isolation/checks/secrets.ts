import { TENANT_TAG, tenantNames } from '../../contract/naming';
import { type Check, expectEqual, finding } from '../check';
import { tagsOf } from '../facts/reading';
import { nameOf, whoOf } from '../policy-document';
import { tenantIdOf } from '../subject';

export const SECRETS_CHECKS: readonly Check[] = [
  {
    id: 'secrets.identity',
    title: 'The secret is the tenant’s own',
    question: 'Has the secret this tenant’s name and tag, and is it not about to be deleted?',
    severity: 'high',
    control: 'SOC 2 CC6.1',
    run: async (subject, { facts }) => {
      const { Name, Tags, DeletedDate } = await facts.secrets.description();
      const tenantId = tenantIdOf(subject);
      return finding(
        [
          ...expectEqual('its name', Name, tenantNames.secret(tenantId)),
          ...expectEqual(`tag ${TENANT_TAG}`, tagsOf(Tags)[TENANT_TAG], tenantId),
          ...(DeletedDate ? ['it is scheduled for deletion'] : []),
        ],
        tenantNames.secret(tenantId),
      );
    },
  },
  {
    id: 'secrets.encryption',
    title: 'The database’s credentials are encrypted under the tenant’s key',
    question: 'Is the secret encrypted under the tenant’s key?',
    severity: 'critical',
    control: 'SOC 2 CC6.1',
    run: async ({ key }, { facts }) =>
      finding(
        expectEqual('its key', (await facts.secrets.description()).KmsKeyId, key.keyArn),
        'under the tenant’s key',
      ),
  },
  {
    id: 'secrets.policy',
    title: 'The secret’s own policy lets nobody in',
    question: 'Is the secret without a resource policy that allows anybody anything?',
    severity: 'critical',
    control: 'SOC 2 CC6.3',
    run: async (_, { facts }) => {
      const allowing = (await facts.secrets.policy()).filter(({ effect }) => effect === 'Allow');
      return finding(
        allowing.map((each) => `statement ${nameOf(each)} lets ${whoOf(each)} in`),
        'it allows nothing',
      );
    },
  },
  {
    id: 'secrets.replicas',
    title: 'The secret is in one Region',
    question: 'Is the secret replicated nowhere?',
    severity: 'high',
    control: 'SOC 2 CC6.7',
    run: async (_, { facts }) => {
      const { ReplicationStatus = [] } = await facts.secrets.description();
      return finding(
        ReplicationStatus.map(({ Region }) => `it is replicated to ${Region}`),
        'no replica',
      );
    },
  },
  {
    id: 'secrets.rotation-function',
    title: 'No function reads the secret to rotate it',
    question: 'Is the secret without a rotation function that nobody here made?',
    severity: 'high',
    control: 'SOC 2 CC6.3',
    run: async (_, { facts }) => {
      const { RotationEnabled, RotationLambdaARN } = await facts.secrets.description();
      return finding(RotationEnabled ? [`${RotationLambdaARN ?? 'a service'} reads it`] : [], 'none');
    },
  },
];
