import type { StageConfig } from './stages';

type Names = Pick<StageConfig, 'domain' | 'hostedZone'> & { readonly cells: readonly unknown[] };

/**
 * Every tenant's URL must lead to its own cell.
 *
 * @throws Error for several cells without a hosted zone: a wildcard record leads all names to one cell
 * @throws Error for a hosted zone that cannot hold records of the domain
 */
export function requireReachableCells({ domain, hostedZone, cells }: Names): void {
  if (!hostedZone && cells.length > 1)
    throw new Error(
      `${cells.length} cells need a hosted zone: without one, a record made by hand leads *.${domain} to a single cell`,
    );
  if (hostedZone?.from !== 'account') return;
  const { zoneName } = hostedZone;
  if (domain !== zoneName && !domain.endsWith(`.${zoneName}`))
    throw new Error(`the hosted zone ${zoneName} cannot hold records of the domain ${domain}`);
}
