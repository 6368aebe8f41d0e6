import { isContract, type MigrationFile } from '../../service/migrations/manifest';
import { PlatformError } from '../contract/errors';
import { isBehind, type MigrationRequest } from '../contract/migration';

type Files = readonly MigrationFile[];
type Wanted = Pick<MigrationRequest, 'phase' | 'to'>;

const refused = (why: string) => new PlatformError('InvalidRequest', why);

const isAfter = (name: string, other: string | undefined) => other === undefined || isBehind(other, name);

/** A file as an operator names it: with or without `.sql` and the digest. */
function fileNamed(files: Files, to: string): string {
  const wanted = to.replace(/\.sql$/, '');
  const found = files.find(({ name }) => name === wanted || name.replace(/-[0-9a-f]{12}$/, '') === wanted);
  if (found) return found.name;
  throw refused(`no migration is called ${to}; there are ${files.map(({ name }) => name).join(', ')}`);
}

/**
 * The last migration that tenants of a cell may get without a word of an operator: the one before the
 * first that removes something, and that the cell has not contracted yet.
 *
 * @param contracted the last removing migration that the cell has allowed
 */
export function expandTarget(files: Files, contracted: string | undefined): string {
  const open = files.findIndex(({ name }) => isContract(name) && isAfter(name, contracted));
  const target = files[open === -1 ? files.length - 1 : open - 1];
  if (!target) throw new PlatformError('ConfigurationInvalid', 'no migration comes before the first that removes');
  return target.name;
}

/**
 * The migration to which a run brings the tenants of a cell.
 *
 * - expand: never past a removing migration that the cell has not contracted yet, as files run in order
 * - contract: the one removing migration that is open, or the one that `to` names
 *
 * @throws PlatformError `InvalidRequest` for a file that there is not, or that the phase does not reach
 */
export function targetOf(files: Files, { phase, to }: Wanted, contracted: string | undefined): string {
  const expanded = expandTarget(files, contracted);
  const named = to === undefined ? undefined : fileNamed(files, to);
  if (phase === 'expand') {
    if (named === undefined || !isBehind(expanded, named)) return named ?? expanded;
    throw refused(`${named} comes after a migration that removes: contract to it first (expand ends at ${expanded})`);
  }
  if (named !== undefined) return named;
  const open = files.filter(({ name }) => isContract(name) && isAfter(name, contracted));
  if (open.length > 1)
    throw refused(`several migrations remove something, name the last with --to: ${open.map(({ name }) => name)}`);
  return open[0]?.name ?? expanded;
}

/** The last removing migration up to a target: from now on any tenant of the cell may get it. */
export const contractedBy = (files: Files, target: string): string | undefined =>
  files.findLast(({ name }) => isContract(name) && !isBehind(target, name))?.name;

/** The migrations that a database lacks, up to a target. @param version its last one; undefined: it has none */
export const filesBehind = (files: Files, version: string | undefined, target: string): string[] =>
  files.map(({ name }) => name).filter((name) => !isBehind(target, name) && isAfter(name, version));
