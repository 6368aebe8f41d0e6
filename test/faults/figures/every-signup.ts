import { setTimeout as pause } from 'node:timers/promises';
import type { DescribeExecutionOutput } from '@aws-sdk/client-sfn';
import * as z from 'zod';
import type { Signup } from '../../../functions/contract/signup';
import type { Figure } from '../../support/figures';
import { Lab } from '../lab';
import type { Recording } from '../recording';
import { signupOf } from '../trial';

const SIGNUPS = 1_000;
/** A platform of its own for so many: the emulator takes longer with each tenant, and a cell has 1,024 slots. */
const PER_LAB = 100;
/** Every tenth signup is malformed, in one of these ways. */
const MALFORMED_EVERY = 10;
const MALFORMED: readonly object[] = [
  { plan: 'platinum' },
  { contactEmail: 'nobody' },
  { version: 2 },
  { companyName: undefined },
  { subdomain: '-' },
  { signupId: undefined },
];
/** Every twentieth is a second signup of the one before it, with other content. */
const DIFFERENT_EVERY = 20;
const DIFFERENT_AT = 5;
const DIFFERENT: readonly object[] = [{ plan: 'growth' }, { companyName: 'Another Company' }, { subdomain: 'another' }];
/** For the last announcement to be heard after its run has ended. */
const HEARING_MS = 30_000;

const ACCOUNTS = ['onboarded', 'refused', 'told as conflict', 'silent'] as const;
type Account = (typeof ACCOUNTS)[number];
type Accounts = Readonly<Record<Account, number>>;

const EventSchema = z.object({ id: z.string(), detail: z.unknown() });
const DuplicateSchema = z.object({ outcome: z.literal('duplicate') });
const nth = (kinds: readonly object[], index: number) => kinds[index % kinds.length];

/** What billing sends, in order. */
function detailsOf(seed: string, count: number): object[] {
  const details: object[] = [];
  let before: Signup | undefined;
  for (let index = 0; index < count; index++) {
    const signup = signupOf(seed, `every signup ${index}`);
    if (index % MALFORMED_EVERY === 0) details.push({ ...signup, ...nth(MALFORMED, index / MALFORMED_EVERY) });
    else if (index % DIFFERENT_EVERY === DIFFERENT_AT && before)
      details.push({ ...before, ...nth(DIFFERENT, (index - DIFFERENT_AT) / DIFFERENT_EVERY) });
    else {
      details.push(signup);
      before = signup;
    }
  }
  return details;
}

/** What the run of one event came to, and what the platform has said about it. Undefined: a copy of an event, or nothing. */
function accountOf(
  lab: Lab,
  { executionArn = '', status, error, output }: DescribeExecutionOutput,
): Account | undefined {
  const { onboarded, failures, conflicts } = lab.announcements.of(executionArn);
  if (status === 'SUCCEEDED') {
    if (DuplicateSchema.safeParse(JSON.parse(output ?? 'null')).success) return undefined;
    return onboarded.length > 0 ? 'onboarded' : 'silent';
  }
  if (error === 'InvalidSignup') return failures.length > 0 && conflicts.length === 0 ? 'refused' : 'silent';
  if (error === 'SignupConflict') return conflicts.length > 0 && failures.length === 0 ? 'told as conflict' : 'silent';
  return 'silent';
}

const eventIdOf = ({ input }: DescribeExecutionOutput) => EventSchema.parse(JSON.parse(input ?? 'null')).id;

/** How the runs of an event ended, in words. */
const endsOf = (id: string, runs: readonly DescribeExecutionOutput[]) =>
  runs
    .filter((run) => eventIdOf(run) === id)
    .map(({ status, error = '', cause = '' }) => `${status} ${error} ${cause}`.trim())
    .join('; ');

/** Each event, by its id, with everything that its runs came to: EventBridge may deliver an event twice. */
function accountsOf(lab: Lab, runs: readonly DescribeExecutionOutput[]): ReadonlyMap<string, Account[]> {
  const events = new Map<string, Account[]>();
  for (const run of runs) {
    const id = eventIdOf(run);
    const account = accountOf(lab, run);
    events.set(id, [...(events.get(id) ?? []), ...(account ? [account] : [])]);
  }
  return events;
}

async function settled(lab: Lab, runs: readonly DescribeExecutionOutput[]): Promise<ReadonlyMap<string, Account[]>> {
  const deadline = Date.now() + HEARING_MS;
  for (;;) {
    const events = accountsOf(lab, runs);
    if (Date.now() > deadline || ![...events.values()].some((accounts) => accounts.includes('silent'))) return events;
    await pause(500);
  }
}

/** @returns how many signups of each account, and in words every one that is not exactly one of them */
async function signUpAndCount(seed: string, count: number): Promise<{ accounts: Accounts; problems: string[] }> {
  const lab = await Lab.start();
  try {
    const { executions } = await lab.signups.burst(detailsOf(seed, count), 1_000);
    const runs = await lab.describe(executions);
    const events = await settled(lab, runs);
    const accounts = { onboarded: 0, refused: 0, 'told as conflict': 0, silent: Math.max(0, count - events.size) };
    const problems: string[] = events.size === count ? [] : [`${events.size} of ${count} events have started a run`];
    for (const [id, all] of events) {
      // EventBridge may deliver an event twice: both runs of a malformed one are refused.
      const [account = 'silent', ...others] = new Set(all);
      accounts[account] += 1;
      if (account === 'silent' || others.length > 0)
        problems.push(`event ${id} (seed ${seed}): ${[account, ...others].join(', ')}: ${endsOf(id, runs)}`);
    }
    const { records } = (await lab.census()).table;
    const active = [...records.values()].filter(({ status }) => status === 'ACTIVE').length;
    if (active !== accounts.onboarded) problems.push(`${active} ACTIVE tenants of ${accounts.onboarded} onboarded`);
    return { accounts, problems };
  } finally {
    await lab.stop();
  }
}

/** A thousand signups as billing may send them: each is onboarded, refused or told as a conflict, and none is silent. */
export async function everySignup(
  _lab: Lab,
  _recording: Recording,
  seed: string,
  signups = SIGNUPS,
): Promise<Figure[]> {
  const sums = { onboarded: 0, refused: 0, 'told as conflict': 0, silent: 0 };
  const problems: string[] = [];
  for (let from = 0; from < signups; from += PER_LAB) {
    const counted = await signUpAndCount(`${seed} from ${from}`, Math.min(PER_LAB, signups - from));
    for (const account of ACCOUNTS) sums[account] += counted.accounts[account];
    problems.push(...counted.problems);
  }
  const malformed = Math.ceil(signups / MALFORMED_EVERY);
  const different = Math.ceil((signups - DIFFERENT_AT) / DIFFERENT_EVERY);
  const expected: Accounts = {
    onboarded: signups - malformed - different,
    refused: malformed,
    'told as conflict': different,
    silent: 0,
  };
  return ACCOUNTS.map((account) => ({
    name: `${signups} signups, every tenth malformed, every twentieth a different duplicate: ${account}`,
    value: sums[account],
    unit: 'signups',
    limit: { exactly: expected[account] },
    ...(account === 'silent' && { problems }),
  }));
}
