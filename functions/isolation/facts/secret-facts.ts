import {
  DescribeSecretCommand,
  type DescribeSecretCommandOutput,
  GetResourcePolicyCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { parsePolicy, type Statement } from '../policy-document';
import type { Subject } from '../subject';
import { readOnce } from './reading';

export type SecretDescription = Omit<DescribeSecretCommandOutput, '$metadata'>;

export interface SecretFacts {
  /** The secret's metadata, without its value. */
  readonly description: () => Promise<SecretDescription>;
  /** Empty when the secret has no resource policy. */
  readonly policy: () => Promise<readonly Statement[]>;
}

export function secretFacts(client: SecretsManagerClient, { stacks }: Subject): SecretFacts {
  const { SecretArn: SecretId } = stacks.database.outputs;
  return {
    description: readOnce(() => client.send(new DescribeSecretCommand({ SecretId }))),
    policy: readOnce(async () => {
      const { ResourcePolicy } = await client.send(new GetResourcePolicyCommand({ SecretId }));
      return ResourcePolicy ? parsePolicy(ResourcePolicy) : [];
    }),
  };
}
