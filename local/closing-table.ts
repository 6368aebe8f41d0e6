import Table from 'cli-table3';
import { became } from './expectations';
import type { Outcome } from './scenario';

const WIDTHS = [26, 18, 17, 9, 34];
const REASON_AT_LEAST = 24;

function createdOf({ inventory, page }: Outcome): string {
  const stacks = inventory?.stacks ?? [];
  if (!inventory || stacks.length === 0) return 'nothing';
  const resources = stacks.reduce((sum, stack) => sum + stack.resources, 0);
  const slot = inventory.record?.slot;
  const seen = page?.changes.map(({ status }) => status).join(' → ');
  return [
    `${stacks.length} stacks with ${resources} resources`,
    inventory.keyState && 'a key',
    slot && `rule ${slot.priority}, ${slot.cidr}`,
    seen && `page ${seen}`,
  ]
    .filter(Boolean)
    .join(', ');
}

function reasonOf(outcome: Outcome): string {
  if (became(outcome) === 'duplicate') return 'duplicate of an earlier signup';
  // The further lines list what was undone and give the console's link.
  return outcome.run.failure?.reason.split('\n')[0] ?? '';
}

/** A table of how each signup ended. */
export function closingTable(outcomes: readonly Outcome[], columns = 132): string {
  const borders = WIDTHS.length + 2;
  const reason = Math.max(REASON_AT_LEAST, columns - WIDTHS.reduce((sum, width) => sum + width, borders));
  const table = new Table({
    head: ['company', 'tenant id', 'outcome', 'seconds', 'created', 'reason'],
    colWidths: [...WIDTHS, reason],
    colAligns: ['left', 'left', 'left', 'right', 'left', 'left'],
    wordWrap: true,
    style: { head: [], border: [] },
  });
  for (const outcome of outcomes) {
    const { applicant, seconds, inventory, tenantId } = outcome;
    // A refused signup never became a tenant. A duplicate has the tenant of the first signup.
    const known = became(outcome) === 'duplicate' || inventory?.record ? (tenantId ?? '') : '–';
    table.push([
      [applicant.companyName, applicant.note && `(${applicant.note})`].filter(Boolean).join(' '),
      known,
      became(outcome),
      seconds.toFixed(1),
      became(outcome) === 'duplicate' ? 'nothing' : createdOf(outcome),
      reasonOf(outcome),
    ]);
  }
  return table.toString();
}
