import { ListExecutionsCommand } from '@aws-sdk/client-sfn';
import type { ActEntry } from '../../functions/contract/act';
import { settled } from '../../functions/shared/settled';
import { changesAfter, lastChangeAt, type Mark } from '../../functions/tenants/changes';
import type { StageClient } from '../client/stage-client';
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
}

const tenantTopic = (tenantId: string) => `tenant:${tenantId}`;

/** Entries of an index arrive in nearly the order of their times: writers' clocks differ. Milliseconds. */
const OVERLAP = 10_000;
const earlier = (at: string) => (at ? new Date(Date.parse(at) - OVERLAP).toISOString() : at);

const idOf = ({ pk }: Mark) => pk.split('#').slice(1).join('#');
const keyOf = ({ pk, sk }: Mark) => `${pk} ${sk}`;

/** What a page shows of an item, by the kind of the item. */
const SHOWS: Readonly<Record<string, (mark: Mark) => readonly string[]>> = {
  TENANT: (mark) => ['tenants', 'cells', tenantTopic(idOf(mark))],
  CELL: () => ['releases', 'cells'],
  NEWS: (mark) => [idOf(mark)],
};

function topicsOfMark(mark: Mark): readonly string[] {
  const [kind = ''] = mark.pk.split('#');
  return [...(SHOWS[kind]?.(mark) ?? []), ...(mark.executionArn ? [`run:${mark.executionArn}`] : [])];
}

/**
 * Everything that a write of the tenants table tells, and the items of news tell of what is outside
 * of it: one query a second, however many tenants there are and whatever is shown.
 */
function changes({ client: { table }, directory }: Subject): Probe {
  let known: ReadonlyMap<string, string> = new Map();
  let last = '';
  const seen = (marks: readonly Mark[]) => {
    known = new Map(marks.map((mark) => [keyOf(mark), mark.changeSk]));
    last = marks.reduce((latest, { changeSk }) => (changeSk > latest ? changeSk : latest), last);
  };
  return {
    ...{ name: 'changes', slowMs: () => 1_000, fastMs: 400, calls: () => 1 },
    begin: async () => {
      last = (await lastChangeAt(table)) ?? '';
      seen(await changesAfter(table, earlier(last) || ' '));
    },
    ask: async () => {
      const marks = await changesAfter(table, earlier(last) || ' ');
      const news = marks.filter((mark) => known.get(keyOf(mark)) !== mark.changeSk);
      await directory.refresh(news.filter(({ sk }) => sk === 'TENANT').map(idOf));
      seen(marks);
      return [...new Set(news.flatMap(topicsOfMark))];
    },
  };
}

/** Pause of a probe that news wakes, in case nobody could tell it. Milliseconds. */
const UNTOLD = 180_000;

/** Longer than an act takes. Milliseconds. */
const AN_ACT = 3_600_000;

/** The days whose acts may still get a result: an act is on record under the day on which it was asked for. */
function daysOfActs(): readonly string[] {
  const now = Date.now();
  return [...new Set([now, now - AN_ACT].map((time) => new Date(time).toISOString().slice(0, 10)))];
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
    const found = await settled(daysOfActs().map((day) => client.acts({ day }, { limit: NEWEST_ACTS })));
    const acts = found.flatMap((page) => page.entries);
    for (const entry of acts) entries.set(entry.id, entry);
    return new Map(acts.map((entry) => [entry.id, JSON.stringify(entry.result ?? null)]));
  };
  const calls = () => daysOfActs().length;
  return comparing({ name: 'acts', slowMs: () => UNTOLD, fastMs: 500, calls }, read, async (changed, now) => {
    const news = changed.filter((id) => now.has(id)).flatMap((id) => entries.get(id) ?? []);
    for (const id of entries.keys()) if (!now.has(id)) entries.delete(id);
    if (news.length === 0) return [];
    await directory.refresh([...new Set(news.flatMap(({ tenantId }) => tenantId ?? []))]);
    return ['acts', ...news.flatMap(topicsOfAct)];
  });
}

/** Audits: an item of news tells when one begins, and when all tenants have been asked about. */
function audits({ client }: Subject): Probe {
  const read = async () => {
    const stateMachineArn = client.stage.auditMachineArn;
    const { executions = [] } = await client.sfn.send(new ListExecutionsCommand({ stateMachineArn, maxResults: 5 }));
    return new Map(executions.map(({ executionArn = '', status = '' }) => [executionArn, status]));
  };
  return comparing({ name: 'audits', slowMs: () => UNTOLD, fastMs: 700, calls: () => 1 }, read, async () => ['audits']);
}

function queues({ answers }: Subject): Probe {
  let count = 5;
  const read = async () => {
    const all = (await answers.queues()).queues;
    count = all.length;
    return new Map(all.map((each) => [each.queue, JSON.stringify(each)]));
  };
  return comparing({ name: 'queues', slowMs: () => 120_000, fastMs: 5_000, calls: () => count }, read, async () => [
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
  const slowMs = () => (isOver ? UNTOLD : 30_000);
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
  const [ofChanges, ofActs] = [keeps(changes(subject)), keeps(acts(subject))];
  const [ofAudits, ofQueues] = [audits(subject), queues(subject)];
  const onTopic: Readonly<Record<string, readonly Probe[]>> = {
    tenants: [ofChanges, ofActs],
    cells: [ofChanges],
    releases: [ofChanges, ofActs],
    audits: [ofChanges, ofAudits],
    queues: [ofChanges, ofActs, ofQueues],
    acts: [ofChanges, ofActs],
  };
  return (topic) => {
    if (topic.startsWith('run:')) return [ofChanges, run(subject, topic.slice('run:'.length))];
    return topic.startsWith('tenant:') ? [ofChanges, ofActs] : (onTopic[topic] ?? []);
  };
}
