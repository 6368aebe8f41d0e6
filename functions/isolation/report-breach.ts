import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import type * as z from 'zod';
import { ReportBreachInput, ReportBreachOutput } from '../contract/audit';
import { type Action, actionHandler } from '../shared/action-handler';
import { clientOptions } from '../shared/clients';
import { env } from '../shared/env';
import { logger } from '../shared/logger';
import { plural } from './evidence/page-parts';

export interface ReportBreachDeps {
  readonly topicArn: string;
  /** Where people read the runbook. */
  readonly runbookUrl: string;
  readonly sns: Pick<SNSClient, 'send'>;
}

type Breach = z.output<typeof ReportBreachInput>;

type Kind = Breach['verdict'] | 'weaker';

const TEXTS: Readonly<Record<Kind, { title: string; impact: string; section: string }>> = {
  drifted: {
    title: 'Tenant is not isolated',
    impact: 'another principal may reach this tenant’s data, or this tenant may reach another’s.',
    section: 'tenant-drifted',
  },
  weaker: {
    title: 'Tenant is not as promised',
    impact:
      'no failed check is critical: nobody else reaches this tenant’s data by it, but one more mistake may be enough, or somebody is kept out.',
    section: 'tenant-drifted',
  },
  unverified: {
    title: 'Tenant could not be verified',
    impact: 'it is unknown whether this tenant is isolated.',
    section: 'tenant-unverified',
  },
  surroundings: {
    title: 'What tenants share is not isolated',
    impact: 'all tenants of the cell may be open: what they share and trust is not as the release made it.',
    section: 'surroundings',
  },
  uncounted: {
    title: 'Audit does not account for all',
    impact: 'a tenant may have left the audit, so that nobody asks whether it is isolated.',
    section: 'uncounted-tenants',
  },
  shared: {
    title: 'Many tenants fail for one cause',
    impact: 'the platform or a check is at fault rather than each of these tenants; they may be open all the same.',
    section: 'many-tenants-fail-at-once',
  },
};

/** A message that wakes somebody says whether data is open, or something is less than it should be. */
const kindOf = (breach: Breach): Kind =>
  breach.verdict === 'drifted' && breach.critical === false ? 'weaker' : breach.verdict;

const SUSPENSIONS: Readonly<Record<Breach['suspension'], string>> = {
  none: 'The tenant stays in service: nothing was changed.',
  done: 'The tenant was SUSPENDED: its route answers 503.',
  failed: 'The tenant should have been SUSPENDED, but the suspension failed: suspend it now (npm run suspend).',
};

/**
 * "Publish": a subject is ASCII, without line breaks, shorter than 100 characters; ids and hosts
 * are.
 */
const subjectOf = ({ title }: { title: string }, who: string) => `${title}: ${who}`.slice(0, 99);

function linesOf(breach: Breach): { readonly who: string; readonly lines: string[] } {
  if (breach.verdict === 'shared') {
    const { causes, tenants, examples, held } = breach;
    const brake = held === 0 ? [] : ['', `The brake holds: ${held} tenants would have been suspended, and none was.`];
    const some = `For example: ${examples.join(', ')}.`;
    return { who: `${tenants} tenants`, lines: [`${tenants} tenants.`, '', ...causes, '', some, ...brake] };
  }
  if (breach.verdict === 'surroundings') return { who: `cell ${breach.cell}`, lines: [breach.cell, '', breach.reason] };
  if (breach.verdict === 'uncounted') {
    const { differences } = breach;
    const who = plural(differences.length, 'difference');
    return { who, lines: [`${who}.`, '', ...differences] };
  }
  const { tenantId, host, reason, report, suspension } = breach;
  const kept = report ? [`Report: ${report} in the evidence bucket.`] : [];
  const lines = [`${host ?? tenantId} (tenant ${tenantId})`, '', reason, '', SUSPENSIONS[suspension], ...kept];
  return { who: host ?? tenantId, lines };
}

/**
 * Notifies the operators of one tenant that an audit found not isolated or could not verify, or of one
 * cause that many tenants share. The message names the tenants, the failed checks with their evidence,
 * the report, and whether the tenant was suspended.
 *
 * The alarm on the audit's counts names no tenant. Nothing undoes a notification, and a repeated
 * one does no harm.
 */
export const reportBreach: Action<typeof ReportBreachInput, typeof ReportBreachOutput, ReportBreachDeps> = {
  name: 'ReportBreach',
  input: ReportBreachInput,
  output: ReportBreachOutput,
  run: async ({ topicArn, runbookUrl, sns }, breach) => {
    const { verdict, executionArn, suspension } = breach;
    const text = TEXTS[kindOf(breach)];
    const { who, lines } = linesOf(breach);
    const [first = '', ...others] = lines;
    const message = [
      `${text.title}: ${first}`,
      ...others,
      `Audit: ${executionArn}`,
      `Impact: ${text.impact} What to do: ${runbookUrl}#${text.section}`,
    ];
    await sns.send(
      new PublishCommand({ TopicArn: topicArn, Subject: subjectOf(text, who), Message: message.join('\n') }),
    );
    const about = 'tenantId' in breach ? { tenantId: breach.tenantId } : {};
    logger.warn('breach.reported', { ...about, verdict, suspension });
    return { reported: true };
  },
};

export const handler = actionHandler(reportBreach, {
  get topicArn() {
    return env('ALARM_TOPIC_ARN');
  },
  get runbookUrl() {
    return env('RUNBOOK_URL');
  },
  sns: new SNSClient(clientOptions),
});
