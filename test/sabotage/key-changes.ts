import { tenantNames } from '../../functions/contract/naming';
import { type Subject, tenantIdOf } from '../../functions/isolation/subject';
import type { Statement } from './policies';

export const allowing = (Sid: string, AWS: string, ...Action: string[]): Statement => ({
  Sid,
  Effect: 'Allow',
  Principal: { AWS },
  Action,
  Resource: '*',
});
export const accountOf = ({ accountId }: Subject) => `arn:aws:iam::${accountId}:root`;
export const aliasOf = (subject: Subject) => tenantNames.keyAlias(tenantIdOf(subject));
export const flowLogsOf = (subject: Subject) => `/tenants/${tenantIdOf(subject)}/flow-logs`;
export const postgresqlLogOf = ({ stacks }: Subject) =>
  `/aws/rds/instance/${stacks.database.outputs.InstanceId}/postgresql`;
