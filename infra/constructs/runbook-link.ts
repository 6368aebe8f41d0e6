import type { StageConfig } from '../config/stages';

const IN_THE_REPOSITORY = 'docs/runbook.md';

/** A section of docs/runbook.md: what the alarm means, how to find the cause, how to fix it. */
export type RunbookSection = `${typeof IN_THE_REPOSITORY}#${string}`;

/** Where a person reads the runbook: its address, or its path in the repository where the stage names no address. */
export const runbookAddress = ({ runbookUrl }: Pick<StageConfig, 'runbookUrl'>) => runbookUrl ?? IN_THE_REPOSITORY;

/** The link of an alarm: whoever gets the message at night has no clone of the repository. */
export const runbookLink = (config: Pick<StageConfig, 'runbookUrl'>, section: RunbookSection) =>
  section.replace(IN_THE_REPOSITORY, runbookAddress(config));
