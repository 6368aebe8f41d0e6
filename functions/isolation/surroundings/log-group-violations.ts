import { settled } from '../../shared/settled';
import { admits } from '../checks/logs';
import { nameOf, parsePolicy, whoOf } from '../policy-document';
import { ofType } from './expected-of';
import type { PlatformSurroundings } from './surroundings';
import type { SurroundingsFacts } from './surroundings-facts';

/**
 * Who reads the log groups of cell and platform by a policy of CloudWatch Logs, or has had them written into a bucket: paths and
 * addresses of visitors, hosts and ids of tenants are in them.
 */
export async function logGroupViolations(
  { region, accountId }: PlatformSurroundings,
  { cell, stacks }: Pick<SurroundingsFacts, 'cell' | 'stacks'>,
): Promise<string[]> {
  const [exports, grants, ...made] = await settled([
    cell.logExports(),
    cell.logGrants(),
    stacks.controlPlane(),
    stacks.cell(),
  ]);
  const names = ofType(made.flat(), 'AWS::Logs::LogGroup').flatMap(({ physicalId }) => physicalId ?? []);
  const arns = names
    .map((name) => `arn:aws:logs:${region}:${accountId}:log-group:${name}`)
    .flatMap((arn) => [arn, `${arn}:log-stream:one`]);
  return [
    ...exports
      .filter(({ logGroupName = '' }) => names.includes(logGroupName))
      .map(
        ({ taskName, taskId, logGroupName, destination }) =>
          `export ${taskName ?? taskId} writes log group ${logGroupName} to bucket ${destination}`,
      ),
    ...grants.flatMap(({ policyName, policyDocument = '{}', resourceArn }) => {
      const group = resourceArn?.replace(/:\*$/, '');
      if (group !== undefined && !arns.includes(group)) return [];
      return parsePolicy(policyDocument)
        .filter((statement) => admits(statement, arns))
        .map((each) => `policy ${policyName ?? `of ${group}`} has the statement ${nameOf(each)} for ${whoOf(each)}`);
    }),
  ];
}
