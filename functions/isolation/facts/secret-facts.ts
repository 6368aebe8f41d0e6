import {
  DescribeSecretCommand,
  type DescribeSecretCommandOutput,
  GetResourcePolicyCommand,
  paginateListSecrets,
  paginateListSecretVersionIds,
  type SecretListEntry,
  type SecretsManagerClient,
  type SecretVersionsListEntry,
} from '@aws-sdk/client-secrets-manager';
import { everyItem } from '../../shared/paging';
import { policyIfAny, type Statement } from '../policy-document';
import { type Subject, tenantIdOf } from '../subject';
import { readOnce } from './reading';

export type SecretDescription = Omit<DescribeSecretCommandOutput, '$metadata'>;

export interface StagedVersion {
  readonly stages: readonly string[];
  /** Known where a version was in force before: it must be the earlier one. */
  readonly madeAt?: Date | undefined;
}

export interface SecretFacts {
  /** The secret's metadata, without its value. */
  readonly description: () => Promise<SecretDescription>;
  /** Empty when the secret has no resource policy. */
  readonly policy: () => Promise<readonly Statement[]>;
  /** Secrets of the account that have the tenant's id somewhere. */
  readonly named: () => Promise<readonly SecretListEntry[]>;
  /**
   * When each version of the secret was made. A version that a rotation has begun and never finished
   * was no password of the database ("Secrets Manager secret versions").
   */
  readonly versions: () => Promise<readonly Date[]>;
  /** Versions that have a stage: the one in force, the one before, and whatever else somebody has named. */
  readonly staged: () => Promise<readonly StagedVersion[]>;
  /** When the version was made that a rotation has begun and not finished. */
  readonly pendingSince: () => Promise<Date | undefined>;
}

const isPendingAlone = ({ VersionStages = [] }: SecretVersionsListEntry) =>
  VersionStages.length > 0 && VersionStages.every((stage) => stage === 'AWSPENDING');

export function secretFacts(client: SecretsManagerClient, subject: Subject): SecretFacts {
  const { SecretArn: SecretId } = subject.stacks.database.outputs;
  const versions = readOnce(() => {
    const pages = paginateListSecretVersionIds({ client }, { SecretId, IncludeDeprecated: true });
    return everyItem(pages, (page) => page.Versions);
  });
  const description = readOnce(() => client.send(new DescribeSecretCommand({ SecretId })));
  return {
    description,
    policy: readOnce(async () => {
      const { ResourcePolicy } = await client.send(new GetResourcePolicyCommand({ SecretId }));
      return policyIfAny(ResourcePolicy);
    }),
    named: readOnce(() => {
      const Filters = [{ Key: 'all' as const, Values: [tenantIdOf(subject)] }];
      return everyItem(paginateListSecrets({ client }, { Filters }), (page) => page.SecretList);
    }),
    versions: async () =>
      (await versions()).filter((each) => !isPendingAlone(each)).flatMap(({ CreatedDate }) => CreatedDate ?? []),
    staged: async () => {
      const { VersionIdsToStages = {} } = await description();
      const stagesOfEach = Object.values(VersionIdsToStages);
      // A secret that has not been rotated yet: nobody needs the times of its versions.
      if (!stagesOfEach.flat().includes('AWSPREVIOUS')) return stagesOfEach.map((stages) => ({ stages }));
      return (await versions())
        .filter(({ VersionStages = [] }) => VersionStages.length > 0)
        .map(({ VersionStages: stages = [], CreatedDate: madeAt = new Date(0) }) => ({ stages, madeAt }));
    },
    pendingSince: async () => (await versions()).find(isPendingAlone)?.CreatedDate,
  };
}
