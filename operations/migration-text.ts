import type { MigrationClaim } from '../functions/contract/migration';
import type { CellPlan } from './client/migrations';

const without = (digested: string) => digested.replace(/-[0-9a-f]{12}$/, '');

/** Who would be migrated, as text. */
export function planText({ cell, target, behind, current, unreadable }: CellPlan): string {
  const width = Math.max(0, ...behind.map(({ host }) => host.length));
  return [
    `cell ${cell}: ${behind.length} of ${behind.length + current} tenants are behind ${without(target)}`,
    ...behind.map(
      ({ host, files }) =>
        `  ${host.padEnd(width)}  ${files.length > 0 ? `${files.length} behind: ${files.map(without).join(', ')}` : 'roles of an earlier release'}`,
    ),
    ...unreadable.map((tenantId) => `  ${tenantId}  its record cannot be read: docs/runbook.md#item-unreadable`),
  ].join('\n');
}

/** State of a cell's migration, as text. */
export function migrationText(cell: string, claim: MigrationClaim | undefined): string {
  if (!claim) return `cell ${cell}: no migration yet`;
  const { phase, target, startedAt, endedAt, outcome, counts, executionArn } = claim;
  const failure = claim.failure ?? claim.unfinished;
  const state = endedAt ? `${outcome} at ${endedAt}` : claim.unfinished ? 'stopped' : 'under way';
  const { migrated, current, failed, left } = counts ?? {};
  return [
    `cell ${cell}`,
    `  migration  ${phase} to ${without(target)}, since ${startedAt}: ${state}`,
    ...(counts ? [`  tenants    ${migrated} migrated, ${current} were current, ${failed} failed, ${left} left`] : []),
    ...(failure
      ? [`  failed     ${failure.host ?? failure.step}: ${failure.error}`, `             ${failure.reason}`]
      : []),
    `  execution  ${executionArn}`,
  ].join('\n');
}
