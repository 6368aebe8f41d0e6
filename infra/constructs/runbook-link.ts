import type { StageConfig } from '../config/stages';

const IN_THE_REPOSITORY = 'docs/runbook.md';

/**
 * A section of docs/runbook.md, which says what an alarm means, how to find its cause and how to
 * fix it.
 */
export type RunbookSection = `${typeof IN_THE_REPOSITORY}#${string}`;

/**
 * Where a person reads the runbook: its address, or its path in the repository when the stage has
 * no address.
 */
export const runbookAddress = ({ runbookUrl }: Pick<StageConfig, 'runbookUrl'>) => runbookUrl ?? IN_THE_REPOSITORY;

/** The link in an alarm. Operators who get the message at night have no clone of the repository. */
export const runbookLink = (config: Pick<StageConfig, 'runbookUrl'>, section: RunbookSection) =>
  section.replace(IN_THE_REPOSITORY, runbookAddress(config));
