import { MAX_CONNECTIONS, mostConnections, smallestCapacity } from '../../functions/contract/connections';

/**
 * A tenant's database must take the connections of all tasks of its cell, in the middle of a release.
 *
 * @throws Error when it would not, which is a mistake in the stage's configuration or in the plans
 */
export function requireConnections(
  { name, service }: { readonly name: string; readonly service: { readonly liveTasks: { readonly max: number } } },
  accepted = Math.min(MAX_CONNECTIONS, smallestCapacity()),
): void {
  const { max } = service.liveTasks;
  const needed = mostConnections(max);
  if (needed > accepted)
    throw new Error(
      `cell ${name}: ${max} tasks may open ${needed} connections to one database, which accepts ${accepted}; lower liveTasks.max`,
    );
}
