import { ListExecutionsCommand } from '@aws-sdk/client-sfn';
import { describe } from '../../functions/acts/executions';
import type { ActEntry } from '../../functions/contract/act';
import { tenantIdOf } from '../../functions/contract/naming';
import { readableSignupId } from '../../functions/contract/signup';
import type { TenantStatus } from '../../functions/contract/tenant';
import { everyItem, pages } from '../../functions/shared/paging';
import { settled } from '../../functions/shared/settled';
import { listTenantsIn } from '../../functions/tenants/tenant-store';
import type { StageClient } from '../client/stage-client';
import { listed } from '../client/tenant-list';
import type { RunHistories } from './run-histories';
import { runOf } from './run-of';
import type { StageAnswers } from './stage-answers';
import type { TenantDirectory } from './tenant-directory';

/** A question that is asked of AWS again and again. */
export interface Probe {
  readonly name: string;
  /** Pause while nothing changes, and right after a change. Milliseconds. */
  readonly slowMs: () => number;
  readonly fastMs: number;
  /** AWS calls of one asking. */
  readonly calls: () => number;
  /** Takes a first answer, with which the next one is compared. */
  readonly begin: () => Promise<void>;
  /** @returns the topics that have changed since the answer before */
  readonly ask: () => Promise<readonly string[]>;
}

type Answers = ReadonlyMap<string, string>;

/** Keys of what is new, gone or different. */
const differences = (before: Answers, after: Answers) =>
  [...new Set([...before.keys(), ...after.keys()])].filter((key) => before.get(key) !== after.get(key));

/** A probe whose answers are compared piece by piece. */
function comparing(
  probe: Pick<Probe, 'name' | 'slowMs' | 'fastMs' | 'calls'>,
  read: () => Promise<Answers>,
  topicsOf: (changed: readonly string[], now: Answers, before: Answers) => Promise<readonly string[]>,
): Probe {
  let before: Answers = new Map();
  return {
    ...probe,
    begin: async () => {
      before = await read();
    },
    ask: async () => {
      const now = await read();
      const changed = differences(before, now);
      const topics = changed.length > 0 ? await topicsOf(changed, now, before) : [];
      before = now;
      return topics;
    },
  };
}

export interface Subject {
  readonly client: StageClient;
  readonly directory: TenantDirectory;
  readonly histories: RunHistories;
  readonly answers: StageAnswers;
  /** Topics that somebody follows. */
  readonly followed: () => readonly string[];
}

const tenantTopic = (tenantId: string) => `tenant:${tenantId}`;

/** A tenant that has left ONBOARDING may be in its rollback: for that long it is looked for there, too. Milliseconds. */
const UNDOING_FOR = 10_000;

/**
 * Tenants whose onboarding or rollback is under way. One query finds each that begins, changes or
 * ends, however many tenants there are. What happens to a tenant in service, acts and audits tell.
 */
function underWay({ client, directory }: Subject): Probe {
  let undoingUntil = 0;
  const statuses = (): TenantStatus[] => (Date.now() < undoingUntil ? ['ONBOARDING', 'ROLLING_BACK'] : ['ONBOARDING']);
  const runs = new Map<string, string>();
  const itemsIn = (status: TenantStatus) =>
    everyItem(
      pages(
        (after?: string) => listTenantsIn(client.table, status, { after }),
        ({ next }) => next,
      ),
      ({ tenants }) => tenants,
    );
  const read = async () => {
    const items = (await settled(statuses().map(itemsIn))).flat();
    for (const item of items) {
      const tenant = listed(item);
      if (tenant) runs.set(item.stateSk, tenant.executionArn);
      if (tenant?.status === 'ROLLING_BACK') undoingUntil = Date.now() + UNDOING_FOR;
    }
    return new Map(items.map((item) => [item.stateSk, JSON.stringify(item)]));
  };
  const probe = { name: 'under-way', slowMs: () => 1_200, fastMs: 400, calls: () => statuses().length };
  const compared = comparing(probe, read, async (changed, now) => {
    await directory.refresh(changed);
    const ofRuns = changed.flatMap((id) => runs.get(id) ?? []).map((execution) => `run:${execution}`);
    for (const id of changed.filter((each) => !now.has(each))) {
      runs.delete(id);
      undoingUntil = Date.now() + UNDOING_FOR;
    }
    return ['tenants', 'cells', ...changed.map(tenantTopic), ...ofRuns];
  });
  const begin = () => {
    undoingUntil = Date.now() + UNDOING_FOR;
    return compared.begin();
  };
  return { ...compared, begin };
}

/**
 * Runs that have failed, by their inputs: a signup that is refused is never ONBOARDING. Only news
 * cost a further call each.
 */
function failures({ client, directory }: Subject): Probe {
  const read = async () => {
    const { stateMachineArn } = client.stage;
    const request = { stateMachineArn, statusFilter: 'FAILED', maxResults: 20 } as const;
    const { executions = [] } = await client.sfn.send(new ListExecutionsCommand(request));
    return new Map(executions.map(({ executionArn = '', stopDate }) => [executionArn, String(stopDate?.getTime())]));
  };
  const tenantOf = async (executionArn: string) => {
    const { input = 'null' } = (await describe(client.sfn, executionArn)) ?? {};
    const signupId = readableSignupId(JSON.parse(input));
    return signupId === undefined ? [] : [tenantIdOf(signupId)];
  };
  const probe = { name: 'failures', slowMs: () => 8_000, fastMs: 1_000, calls: () => 1 };
  return comparing(probe, read, async (changed, now) => {
    const news = changed.filter((execution) => now.has(execution));
    const tenantIds = (await settled(news.map(tenantOf))).flat();
    if (tenantIds.length === 0) return [];
    await directory.refresh(tenantIds);
    return ['tenants', ...tenantIds.map(tenantTopic)];
  });
}

/** Newest acts that are compared: two operators and a script make fewer between two askings. */
const NEWEST_ACTS = 40;

function topicsOfAct({ kind, tenantId }: ActEntry): string[] {
  const onRelease = kind === 'release' || kind === 'steer-release';
  return [
    ...(tenantId ? ['tenants', tenantTopic(tenantId)] : []),
    ...(onRelease ? ['releases'] : []),
    ...(kind === 'replay' ? ['queues'] : []),
  ];
}

/** Acts of all operators, by the command and by other consoles too. */
function acts({ client, directory }: Subject): Probe {
  const entries = new Map<string, ActEntry>();
  const read = async () => {
    const day = new Date().toISOString().slice(0, 10);
    const page = await client.acts({ day }, { limit: NEWEST_ACTS });
    for (const entry of page.entries) entries.set(entry.id, entry);
    return new Map(page.entries.map((entry) => [entry.id, JSON.stringify(entry.result ?? null)]));
  };
  return comparing({ name: 'acts', slowMs: () => 4_000, fastMs: 500, calls: () => 1 }, read, async (changed, now) => {
    const news = changed.filter((id) => now.has(id)).flatMap((id) => entries.get(id) ?? []);
    for (const id of entries.keys()) if (!now.has(id)) entries.delete(id);
    if (news.length === 0) return [];
    await directory.refresh([...new Set(news.flatMap(({ tenantId }) => tenantId ?? []))]);
    return ['acts', ...news.flatMap(topicsOfAct)];
  });
}

/** An audit writes its verdict on each tenant's record, and may suspend tenants. */
function audits({ client, directory, followed }: Subject): Probe {
  const read = async () => {
    const stateMachineArn = client.stage.auditMachineArn;
    const { executions = [] } = await client.sfn.send(new ListExecutionsCommand({ stateMachineArn, maxResults: 5 }));
    return new Map(executions.map(({ executionArn = '', status = '' }) => [executionArn, status]));
  };
  return comparing(
    { name: 'audits', slowMs: () => 60_000, fastMs: 2_000, calls: () => 1 },
    read,
    async (changed, now) => {
      const hasEnded = changed.some((execution) => now.get(execution) !== 'RUNNING');
      if (!hasEnded) return ['audits'];
      directory.forget();
      return ['audits', 'tenants', ...followed().filter((topic) => topic.startsWith('tenant:'))];
    },
  );
}

function releases({ answers }: Subject): Probe {
  let cells = 1;
  const read = async () => {
    const all = (await answers.releases()).releases;
    cells = all.length;
    return new Map(all.map((each) => [each.cell, JSON.stringify(each)]));
  };
  const probe = { name: 'releases', slowMs: () => 20_000, fastMs: 700, calls: () => 2 * cells };
  return comparing(probe, read, async () => ['releases', 'cells']);
}

function queues({ answers }: Subject): Probe {
  let count = 5;
  const read = async () => {
    const all = (await answers.queues()).queues;
    count = all.length;
    return new Map(all.map((each) => [each.queue, JSON.stringify(each)]));
  };
  return comparing({ name: 'queues', slowMs: () => 30_000, fastMs: 5_000, calls: () => count }, read, async () => [
    'queues',
  ]);
}

/** A run: of one that has ended, only a redrive makes something new. */
function run({ histories }: Subject, executionArn: string): Probe {
  let isOver = false;
  const topic = `run:${executionArn}`;
  const read = async () => {
    const events = await histories.read(executionArn);
    isOver = runOf(executionArn, events).status !== 'RUNNING';
    return new Map([[topic, String(events.length)]]);
  };
  const slowMs = () => (isOver ? 30_000 : 1_500);
  const probe = { name: topic, slowMs, fastMs: 400, calls: () => 1 };
  return comparing(probe, read, async () => [topic]);
}

/**
 * A probe that keeps the directory up to date. What has changed while nobody asked it is in no answer: when it begins,
 * the directory reads everything again.
 */
const keeping = (directory: TenantDirectory, probe: Probe): Probe => ({
  ...probe,
  begin: async () => {
    await probe.begin();
    directory.forget();
  },
});

/** @returns the probes that a topic needs; each has a name, and those of one name are one */
export function probesOn(subject: Subject): (topic: string) => readonly Probe[] {
  const keeps = (probe: Probe) => keeping(subject.directory, probe);
  const [ofTenants, ofFailures, ofActs, ofAudits] = [
    keeps(underWay(subject)),
    keeps(failures(subject)),
    keeps(acts(subject)),
    keeps(audits(subject)),
  ];
  const [ofReleases, ofQueues] = [releases(subject), queues(subject)];
  const onTopic: Readonly<Record<string, readonly Probe[]>> = {
    tenants: [ofTenants, ofFailures, ofActs, ofAudits],
    cells: [ofTenants, ofReleases],
    releases: [ofReleases, ofActs],
    audits: [ofAudits],
    queues: [ofQueues],
    acts: [ofActs],
  };
  return (topic) => {
    if (topic.startsWith('run:')) return [run(subject, topic.slice('run:'.length))];
    return topic.startsWith('tenant:') ? [ofTenants, ofFailures, ofActs, ofAudits] : (onTopic[topic] ?? []);
  };
}
