import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import type * as z from 'zod';
import { type MigrationFailure, SettleMigrationInput, SettleMigrationOutput } from '../contract/migration';
import { type Action, actionHandler } from '../shared/action-handler';
import { clientOptions } from '../shared/clients';
import { env } from '../shared/env';
import { logger } from '../shared/logger';
import { type TenantsTable, tenantsTable } from '../tenants/tenants-table';
import { endMigration, ownMigration } from './migration-store';

export interface SettleMigrationDeps {
  readonly table: TenantsTable;
  readonly topicArn: string;
  /** Where people read the runbook. */
  readonly runbookUrl: string;
  readonly sns: Pick<SNSClient, 'send'>;
  readonly now: () => Date;
}

type Input = z.output<typeof SettleMigrationInput>;

const tenantOf = ({ tenantId, host }: MigrationFailure) => (tenantId ? `${host ?? 'tenant'} (${tenantId}): ` : '');

/** The alarm on the machine names no tenant: this message does. */
async function tell({ sns, topicArn, runbookUrl }: SettleMigrationDeps, input: Input, failure: MigrationFailure) {
  const { migration, counts, executionArn } = input;
  const { cell, phase, target } = migration;
  const message = [
    `Migration failed: ${tenantOf(failure)}${failure.error}`,
    failure.reason,
    '',
    `Cell ${cell}, ${phase} to ${target}: ${counts.migrated} tenants migrated, ${counts.failed} failed, ${counts.left} left.`,
    `Execution: ${executionArn}`,
    'Impact: no release that needs this migration can begin; tenants are served as before.',
    `What to do: ${runbookUrl}#migration-failed`,
  ];
  const Subject = `Migration failed: ${failure.host ?? `cell ${cell}`}`.slice(0, 99);
  await sns.send(new PublishCommand({ TopicArn: topicArn, Subject, Message: message.join('\n') }));
}

/**
 * Ends a migration: records how many tenants each outcome had, and gives the cell's tenants free. Of a
 * failure it tells the operators the tenant, the file and the SQL state.
 *
 * Called again after the claim has ended, it throws `ClaimLost`; a message sent twice does no harm.
 */
export const settleMigration: Action<typeof SettleMigrationInput, typeof SettleMigrationOutput, SettleMigrationDeps> = {
  name: 'SettleMigration',
  input: SettleMigrationInput,
  output: SettleMigrationOutput,
  run: async (deps, input) => {
    const { table, now } = deps;
    const { migration, executionArn, counts, current, unreadable } = input;
    const { cell, target } = migration;
    const claim = await ownMigration(table, cell, executionArn);
    const at = now().toISOString();
    const failure = claim.failure ?? (input.failure ? { ...input.failure, at } : undefined);
    if (failure) await tell(deps, input, failure);
    const outcome = failure ? 'failed' : 'completed';
    const owned = { cell, executionArn };
    await endMigration(table, owned, { endedAt: at, outcome, counts: { ...counts, current }, failure });
    logger.info('migration.settled', { cell, target, outcome, ...counts, unreadable });
    const told = failure && {
      step: failure.step,
      error: failure.error,
      cause: `${tenantOf(failure)}${failure.reason}`,
    };
    return { ...counts, target, current, unreadable, failure: told ?? null };
  },
};

export const handler = actionHandler(settleMigration, {
  table: tenantsTable(),
  get topicArn() {
    return env('ALARM_TOPIC_ARN');
  },
  get runbookUrl() {
    return env('RUNBOOK_URL');
  },
  sns: new SNSClient(clientOptions),
  now: () => new Date(),
});
