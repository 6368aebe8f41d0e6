import { settled } from '../../shared/settled';
import { admittedBy, exportsOf, logArnsOf } from '../checks/logs';
import { idsOf } from './expected-of';
import type { PlatformSurroundings } from './surroundings';
import type { SurroundingsFacts } from './surroundings-facts';

/**
 * Who reads the log groups of cell and platform by a policy of CloudWatch Logs, or has had them written into a bucket: paths and
 * addresses of visitors, hosts and ids of tenants are in them.
 */
export async function logGroupViolations(
  surroundings: PlatformSurroundings,
  { cell, stacks }: Pick<SurroundingsFacts, 'cell' | 'stacks'>,
): Promise<string[]> {
  const [exports, grants, ...made] = await settled([
    cell.logExports(),
    cell.logGrants(),
    stacks.controlPlane(),
    stacks.cell(),
  ]);
  const names = idsOf(made.flat(), 'AWS::Logs::LogGroup');
  return [
    ...exportsOf(exports, (logGroupName) => names.includes(logGroupName)),
    ...admittedBy(grants, logArnsOf(names, surroundings)),
  ];
}
