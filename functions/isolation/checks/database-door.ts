import type { FactName } from '../../database/door-call';
import { expectedFacts, isStagedLine, ROLES_REVISION } from '../../database/release-facts';
import { type Check, checksOf, type Finding, finding, NotAsked, type Sources, Unanswered } from '../check';
import { factDifference } from '../comparison/fact-difference';
import { DATABASE_DOOR_METADATA } from '../metadata/database-door';
import type { Door } from '../probes/database-door';
import { type Subject, tenantIdOf } from '../subject';

const revisionOf = ({ rolesRevision = ROLES_REVISION }: Subject) => rolesRevision;

/** @throws NotAsked when no release has prepared the database: then it has none of what is asked about */
export async function doorOf(subject: Subject, { probes }: Sources): Promise<Door> {
  if (revisionOf(subject) === 0)
    throw new NotAsked('the database is behind a release: PrepareDatabase has never run for it (database.release)');
  return await probes.database();
}

/**
 * The record's revision, and those after it: a migration makes the roles first, and writes the record when all of its files
 * have run, which takes minutes. The record was read before the door was tried.
 */
const revisionsFrom = (recorded: number) =>
  Array.from({ length: Math.max(1, ROLES_REVISION - recorded + 1) }, (_, later) => recorded + later);

/** The own login must have been accepted: without it there is nothing to compare. */
const factsAsExpected =
  (names: readonly FactName[], seen: string): Check['run'] =>
  async (subject, sources) => {
    const { own, facts } = (await doorOf(subject, sources)).answers;
    if (own.outcome !== 'accepted')
      throw new Unanswered('nobody could look behind the door: see probes.database-login', 'role');
    const differences = revisionsFrom(revisionOf(subject)).map((revision) => {
      const expected = expectedFacts(tenantIdOf(subject), revision);
      const ofRevision = names.map((name) => factDifference(name, facts[name], expected[name]));
      return finding(
        ofRevision.flatMap(({ beyond }) => beyond),
        seen,
        ofRevision.flatMap(({ lacking }) => lacking),
      );
    });
    return differences.find(({ passed }) => passed) ?? differences[0] ?? finding([], seen);
  };

const ofNoRestore: Check['run'] = async (subject, sources) => {
  const { own, facts } = (await doorOf(subject, sources)).answers;
  if (own.outcome !== 'accepted' || !Array.isArray(facts.owners))
    throw new Unanswered('nobody could look behind the door: see probes.database-login', 'role');
  const left = facts.owners.filter(isStagedLine);
  return finding(left.length > 0 ? [`rows of a restore: ${left.join(', ')}`] : [], 'no rows of a restore');
};

async function ofThisRelease(subject: Subject): Promise<Finding> {
  const revision = revisionOf(subject);
  // It is ACTIVE first, and then migrated as every tenant in service.
  if (revision === 0 && !subject.routed)
    throw new NotAsked('the definition of this run is of an earlier release, which prepares no database');
  return finding(
    revision < ROLES_REVISION
      ? [`the database is behind a release: its roles are of revision ${revision}, this release's of ${ROLES_REVISION}`]
      : [],
    `roles of revision ${revision}, as this release makes them`,
  );
}

export const DATABASE_DOOR_CHECKS: readonly Check[] = checksOf(DATABASE_DOOR_METADATA, {
  'database.logins': factsAsExpected(['roles'], 'only the roles of the release, with their attributes'),
  'database.members': factsAsExpected(['members'], 'only the memberships of the release'),
  'database.owners': factsAsExpected(['owners'], 'all databases, schemas, tables and functions have their owner'),
  'database.leftovers': ofNoRestore,
  'database.grants': factsAsExpected(
    ['grants', 'defaults', 'reach'],
    'only the rights of the release, nothing for PUBLIC, and the same for what will be made',
  ),
  'database.code': factsAsExpected(
    ['code'],
    'no function with the rights of its owner, no trigger, rule, cast or row security',
  ),
  'database.foreign': factsAsExpected(['foreign'], 'no way to foreign servers, and only the extensions of the release'),
  'database.replication': factsAsExpected(['replication'], 'no publication, subscription or replication slot'),
  'database.sessions': factsAsExpected(['settings'], 'sessions begin in the tenant’s own schema and find its tables'),
  'database.release': ofThisRelease,
});
