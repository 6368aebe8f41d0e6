import { randomUUID } from 'node:crypto';
import { appendFileSync, writeFileSync } from 'node:fs';
import * as z from 'zod';
import type { Abandoning } from '../../functions/acts/abandon-onboarding';
import { type Redrive, whyNoRedrive } from '../../functions/acts/redrive-execution';
import type { PlatformErrorName } from '../../functions/contract/errors';
import type { Signup } from '../../functions/contract/signup';
import { evidencePage } from '../../functions/isolation/evidence-page';
import type { QueueDepth } from '../client/queue-depths';
import type { RedriveTarget, StageClient } from '../client/stage-client';
import { printable } from '../printable';
import { isLeft, replayPreviewText, replayText, tallyText } from '../replay-text';
import { verificationText } from '../verification-text';
import type { Ops } from './context';
import { EXIT } from './exit';
import { tenantsTable } from './reading';

/** The error name of a run whose rollback was completed by an abandonment. */
const ABANDONED: PlatformErrorName = 'OnboardingAbandoned';

interface Because {
  readonly reason?: string | undefined;
}

const DuplicateSchema = z.object({
  outcome: z.literal('duplicate'),
  tenantId: z.string(),
  firstExecutionArn: z.string(),
});

/** Follows a run if `wait` is set. @returns the exit code */
export async function ended({ client, signal }: Ops, executionArn: string, wait: boolean, success = 'SUCCEEDED') {
  if (!wait) return EXIT.done;
  const { status, failure, output } = await client.follow(executionArn, { signal });
  const duplicate = DuplicateSchema.safeParse(output).data;
  if (duplicate) {
    const { tenantId, firstExecutionArn } = duplicate;
    console.error(`nothing to do: the signup is the one of tenant ${tenantId}, which ${firstExecutionArn} has`);
    return EXIT.nothing;
  }
  console.error(printable(failure ? `${status}: ${failure.error}\n${failure.reason}` : status));
  return (failure?.error ?? status) === success ? EXIT.done : EXIT.failed;
}

/** What an operator says of a company. */
export interface SaidOfCompany {
  readonly company: string;
  readonly subdomain: string;
  readonly plan: Signup['plan'];
  readonly email: string;
  readonly signupId?: string | undefined;
}

/**
 * Onboards a company. An id that is drawn is told before anything is asked: whatever becomes of the command, with that id it is
 * the same signup, and without it another one.
 */
export async function signUp(
  ops: Ops,
  { company, subdomain, plan, email, signupId = `sub_${randomUUID().replaceAll('-', '')}` }: SaidOfCompany,
  { reason, wait }: Because & { readonly wait: boolean },
): Promise<number> {
  const signup = { version: 1, signupId, companyName: company, subdomain, contactEmail: email, plan };
  console.error(`to repeat this signup: --signup-id ${signupId}`);
  const { executionArn } = await ops.client.signUp(signup, reason);
  ops.print({ ...signup, executionArn }, () => `started: ${executionArn}\nsignup ${signupId}`);
  return await ended(ops, executionArn, wait);
}

export function redriveText(done: Redrive): string {
  if (done.how === 'redriven') return `redriven: ${done.executionArn}`;
  if (done.how === 'nothing') return `nothing to do: ${done.because}`;
  return `new execution started in place of the old one (${done.because}): ${done.executionArn}`;
}

export async function redrive(
  ops: Ops,
  target: RedriveTarget,
  { anew, wait, reason }: Because & { readonly anew: boolean; readonly wait: boolean },
): Promise<number> {
  const done = await ops.client.redrive(target, { anew, reason });
  ops.print(done, () => redriveText(done));
  return done.how === 'nothing' ? EXIT.nothing : await ended(ops, done.executionArn, wait);
}

/** What became of one tenant: its onboarding was redriven, or its redrive was refused or failed. */
type Redriven = { readonly tenantId: string } & (Redrive | { readonly error: string });

/** Redrives one tenant's onboarding. A failure does not stop the others. */
async function redriveOne(client: StageClient, tenantId: string, reason: string | undefined): Promise<Redriven> {
  try {
    return { tenantId, ...(await client.redrive({ tenant: tenantId }, { reason })) };
  } catch (thrown) {
    return { tenantId, error: thrown instanceof Error ? thrown.message : String(thrown) };
  }
}

const redrivenText = (done: Redriven) => `${done.tenantId}  ${'error' in done ? done.error : redriveText(done)}`;

/** Redrives all failed onboardings that a redrive can help, or only lists them. Interrupted, it tells of those that were redriven. */
export async function redriveFailed(
  { client, print, signal }: Pick<Ops, 'client' | 'print' | 'signal'>,
  { error, yes, reason }: Because & { readonly error?: string | undefined; readonly yes: boolean },
): Promise<number> {
  const { tenants: failed } = await client.tenants({ status: ['FAILED', 'HELD'], error });
  const tenants = failed.filter((tenant) => !whyNoRedrive(tenant.error, tenant.status));
  const leftText = failed.flatMap(({ tenantId, error: name, status }) => {
    const because = whyNoRedrive(name, status);
    return because ? [`${tenantId}  is left: ${because}`] : [];
  });
  if (tenants.length === 0) {
    print([], () => ['nothing to redrive', ...leftText].join('\n'));
    return EXIT.nothing;
  }
  if (!yes) {
    print(tenants, () =>
      [tenantsTable(tenants), `${tenants.length} would be redriven; --yes does it`, ...leftText].join('\n'),
    );
    return EXIT.done;
  }
  const redriven: Redriven[] = [];
  for (const { tenantId } of tenants) if (!signal.aborted) redriven.push(await redriveOne(client, tenantId, reason));
  print(redriven, () => [...redriven.map(redrivenText), ...leftText].join('\n'));
  signal.throwIfAborted();
  return redriven.some((done) => 'error' in done) ? EXIT.failed : EXIT.done;
}

export const abandonText = (done: Abandoning) =>
  done.how === 'nothing' ? `nothing to abandon: ${done.because}` : `rollback started: ${done.executionArn}`;

export async function abandon(
  ops: Ops,
  tenant: string,
  { reason, wait }: { readonly reason: string; readonly wait: boolean },
): Promise<number> {
  const done = await ops.client.abandon(tenant, reason);
  ops.print(done, () => abandonText(done));
  return done.how === 'nothing' ? EXIT.nothing : await ended(ops, done.executionArn, wait, ABANDONED);
}

/** Messages that were on the queue and were not found, as another operator has them now. @param before depth of the queue before */
const withOthers = (before: QueueDepth, found: number) => before.hidden + Math.max(0, before.visible - found);

/** Shows what a replay would start and what it would leave. */
export async function previewReplay({ client, print }: Pick<Ops, 'client' | 'print'>): Promise<number> {
  const before = await client.undeliveredSignups();
  const preview = await client.previewReplay();
  const found = preview.signups.length + preview.unreadable.length;
  const hidden = preview.more ? before.hidden : withOthers(before, found);
  print({ ...preview, hidden }, () => replayPreviewText(preview, hidden).join('\n'));
  if (found > 0) return EXIT.done;
  return hidden > 0 ? EXIT.failed : EXIT.nothing;
}

/** @param file gets the unreadable messages, a line of JSON each; without it they stay on the queue */
export async function replay(
  { client, print }: Pick<Ops, 'client' | 'print'>,
  file: string | undefined,
  reason?: string | undefined,
): Promise<number> {
  const before = await client.undeliveredSignups();
  const counts = { replayed: 0, unreadable: 0 };
  const messages: unknown[] = [];
  const setAside = file && ((message: object) => appendFileSync(file, `${JSON.stringify(message)}\n`));
  const lines: string[] = [];
  for await (const done of client.replay({ reason, ...(setAside && { setAside }) })) {
    counts['unreadable' in done ? 'unreadable' : 'replayed'] += 1;
    messages.push(done);
    lines.push(replayText(done));
  }
  const hidden = withOthers(before, messages.length);
  const tally = { ...counts, hidden, setAside: file !== undefined, unmatched: await client.unmatchedEvents() };
  print({ messages, ...tally }, () => [...lines, ...tallyText(tally)].join('\n'));
  if (isLeft(tally)) return EXIT.failed;
  return counts.replayed + counts.unreadable === 0 ? EXIT.nothing : EXIT.done;
}

export async function verify(
  { client, print }: Ops,
  tenant: string,
  { html, reason }: Because & { readonly html?: string | undefined },
): Promise<number> {
  const verification = await client.verify(tenant, reason);
  print(verification, () => verificationText(verification));
  if (verification.verdict === 'skipped') return EXIT.refused;
  if (html) writeFileSync(html, evidencePage(verification.evidence, verification.digest));
  return verification.verdict === 'isolated' ? EXIT.done : EXIT.failed;
}

export async function suspend({ client, print }: Ops, tenant: string, reason: string): Promise<number> {
  const done = await client.suspend(tenant, reason);
  const { host, tenantId, suspendedAt, earlier } = done;
  const before =
    earlier && earlier.reason !== reason
      ? [`${earlier.by} suspended it before, and that reason stays on record: ${earlier.reason}`]
      : [];
  print(done, () => [`${host} (tenant ${tenantId}) is SUSPENDED since ${suspendedAt}`, ...before].join('\n'));
  return earlier ? EXIT.nothing : EXIT.done;
}

/**
 * Verifies a suspended tenant and, if every check passes, brings it back. Of a tenant that is in service already, what an
 * interrupted resumption has left is done, and nothing else.
 */
export async function resume(
  { client, print }: Pick<Ops, 'client' | 'print'>,
  tenant: string,
  { reason }: Because,
): Promise<number> {
  const verification = await client.verify(tenant, reason);
  if (verification.verdict !== 'isolated') {
    print(verification, () => verificationText(verification));
    return verification.verdict === 'skipped' ? EXIT.refused : EXIT.failed;
  }
  const done = await client.resume(verification.tenantId, reason);
  const wasActive = verification.status === 'ACTIVE';
  const closing = `${wasActive ? 'nothing to resume: ' : ''}${done.host} is ACTIVE since ${done.resumedAt}`;
  print(done, () => `${verificationText(verification)}\n\n${closing}`);
  return wasActive ? EXIT.nothing : EXIT.done;
}
