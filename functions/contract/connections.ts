import { SIZINGS } from './plans';

/**
 * Connections that a tenant's database accepts, in its parameter group: one number for every plan, so that
 * one threshold fits every instance class.
 */
export const MAX_CONNECTIONS = 400;

/** Of one task of the shared service to one tenant's database. */
export const POOL_CONNECTIONS = 2;
/** Of one task to the databases of one tenant, primary and replica: sessions with a reader's own token. In the worst case all are at one. */
export const READER_CONNECTIONS = 4;

/** While a release fills a colour, both have as many tasks as the live one may have. */
const COLOURS = 2;
/** Logins that AskDatabase tries side by side; an onboarding or an audit and an operator may ask at once. */
const VERIFICATION = 2 * 10;
/** SetUpDatabase's own session, and those of its migrations. */
const PREPARATION = 3;
/** A person with break glass. */
const PEOPLE = 3;
/** "Quotas and constraints for Amazon RDS": RDS keeps these for its own sessions, PostgreSQL three for superusers. */
const RESERVED = 2 + 3;

/** The most connections that a database may ever be asked for by a cell with so many tasks. */
export const mostConnections = (tasks: number): number =>
  COLOURS * tasks * (POOL_CONNECTIONS + READER_CONNECTIONS) + VERIFICATION + PREPARATION + PEOPLE + RESERVED;

/** "Maximum number of database connections": RDS's default is DBInstanceClassMemory / 9531392. */
const BYTES_PER_CONNECTION = 9_531_392;
/** DBInstanceClassMemory is less than the class's memory: RDS and the operating system have their part. */
const PART_OF_DATABASE = 0.9;

/** How many connections the plan with the smallest instance has memory for. */
export const smallestCapacity = (): number =>
  Math.min(
    ...Object.values(SIZINGS).map(({ memoryGiB }) =>
      Math.floor((memoryGiB * 1024 ** 3 * PART_OF_DATABASE) / BYTES_PER_CONNECTION),
    ),
  );
