import { itemKeys } from '../../../functions/contract/records';
import { Releases } from '../../../operations/client/releases';
import { StageActResultsSchema, StagePreviewSchema } from '../../../operations/console/api/stage-acts';
import { aCell, anExecution, aTenantRecord, NOW } from '../../support/builders';
import { ConsoleInTest } from '../../support/running-console';

const ATTEMPT = 'r-1#1';
const moved = aTenantRecord({ status: 'ACTIVE', placement: { colour: 'green', release: ATTEMPT, at: NOW } });
const { cell = '' } = moved.slot ?? {};
const claim = {
  ...{ cell, releaseId: 'r-1', executionArn: anExecution('release'), digest: `sha256:${'b'.repeat(64)}` },
  ...{ from: 'blue', to: 'green', phase: 'BakeRing', intent: 'go', rings: [], startedAt: NOW },
};
const live = { colour: 'blue', since: NOW, releasing: ATTEMPT };

/** A console whose PerformAct answers what the test says, and remembers what it was asked for. */
async function scene(answers: Readonly<Record<string, object>>, items: readonly object[] = []) {
  const performed: { kind: string }[] = [];
  const invoke = ({ Payload }: { Payload: string }) => {
    const { act } = JSON.parse(JSON.parse(Payload).request);
    performed.push(act);
    const text = JSON.stringify({ id: 'x', by: 'arn:jane', ...answers[act.kind] });
    return { Payload: { transformToString: () => text } };
  };
  running = await ConsoleInTest.start([moved], { lambda: { InvokeCommand: invoke } });
  for (const item of items) running.table.put(item as Record<string, unknown>);
  const preview = async (order: object) =>
    StagePreviewSchema.parse((await running?.ask('/api/stage-acts/preview', { order }))?.json);
  const act = async (request: object) => await running?.ask('/api/stage-acts', request);
  return { performed, preview, act };
}

let running: ConsoleInTest | undefined;
beforeEach(() => {
  // Cells are parameters of Systems Manager, which no test here is about.
  jest.spyOn(Releases.prototype, 'cellsCalled').mockImplementation(async (name) => [aCell({ name: name ?? cell })]);
});
afterEach(async () => {
  jest.restoreAllMocks();
  await running?.stop();
});

const underWay = [
  { ...itemKeys.release(cell), ...claim },
  { ...itemKeys.liveColour(cell), ...live },
];

describe('orders to a release', () => {
  it('shows the tenants that would be brought back, and asks for the cell’s name and a reason', async () => {
    const { preview, performed } = await scene({}, underWay);
    const shown = await preview({ act: 'back', cell });
    expect(shown.targets.map(({ id }) => id)).toEqual([moved.host]);
    expect(shown).toMatchObject({ confirm: cell, isTyped: true, needsReason: true });
    expect(shown.does).toContain('r-1');
    expect(await preview({ act: 'hold', cell })).toMatchObject({ targets: [], isTyped: false, needsReason: true });
    expect(performed).toEqual([]);
  });

  it('says why there is nothing to steer, and which image would come back', async () => {
    const { preview } = await scene({}, [{ ...itemKeys.liveColour(cell), colour: 'blue', since: NOW }]);
    expect((await preview({ act: 'go', cell })).impossible).toContain('No release is under way');
    expect((await preview({ act: 'back', cell })).impossible).toBeDefined();
    const formerDigest = `sha256:${'a'.repeat(64)}`;
    running?.table.put({ ...itemKeys.liveColour(cell), colour: 'blue', since: NOW, formerDigest });
    const shown = await preview({ act: 'back', cell });
    expect([shown.impossible, shown.targets[0]?.text]).toEqual([undefined, expect.stringContaining('sha256:aaaa')]);
  });

  it('gives the order with its reason, and tells what came of it', async () => {
    const steered = { how: 'steered', releaseId: 'r-1', executionArn: claim.executionArn };
    const { act, performed } = await scene({ 'steer-release': { outcome: 'done', answer: steered } }, underWay);
    const order = { act: 'hold', cell };
    const answered = await act({ order, targets: [], reason: 'INC-42', confirm: cell });
    expect(StageActResultsSchema.parse(answered?.json).results).toMatchObject([
      { outcome: 'done', message: `cell ${cell}: release r-1 has the order` },
    ]);
    expect(performed).toEqual([{ kind: 'steer-release', cell, intent: 'hold', reason: 'INC-42' }]);
  });

  it.each([
    ['without a reason', { confirm: cell }, 'reason'],
    ['with the name of another cell', { reason: 'INC-42', confirm: 'c9' }, 'confirm'],
    ['with a reason of blanks', { reason: '  ', confirm: cell }, 'reason'],
  ])('gives no order %s', async (_, given, field) => {
    const { act, performed } = await scene({}, underWay);
    const answered = await act({ order: { act: 'back', cell }, targets: [], ...given });
    expect([answered?.status, answered?.json]).toEqual([400, expect.objectContaining({ field })]);
    expect(performed).toEqual([]);
  });

  it('tells a refusal in the platform’s words', async () => {
    const refused = { outcome: 'refused', error: 'InvalidRequest', message: 'no such cell' };
    const { act } = await scene({ 'steer-release': refused }, underWay);
    const answered = await act({ order: { act: 'go', cell }, targets: [], reason: 'x', confirm: cell });
    expect(StageActResultsSchema.parse(answered?.json).results).toMatchObject([
      { outcome: 'refused', error: 'InvalidRequest', message: expect.stringContaining('no such cell') },
    ]);
  });
});

describe('a replay', () => {
  const signups = [
    { messageId: 'm1', because: 'throttled', companyName: 'Acme GmbH', subdomain: 'acme' },
    { messageId: 'm2', because: 'throttled' },
  ];
  const unreadable = [{ messageId: 'm3', why: 'its body is no JSON' }];

  it('shows what it would start and what it would leave', async () => {
    const answer = { signups, unreadable, more: true };
    const { preview } = await scene({ 'preview-replay': { outcome: 'done', answer } });
    const shown = await preview({ act: 'replay' });
    expect(shown.targets).toEqual([
      { id: 'm1', text: 'Acme GmbH (acme), undelivered: throttled' },
      { id: 'm2', text: 'unknown company (-), undelivered: throttled' },
    ]);
    expect(shown.left.map(({ id }) => id)).toEqual(['m3', 'further messages']);
    expect(shown).toMatchObject({ confirm: '2 signups', needsReason: false });
    expect(shown.impossible).toBeUndefined();
  });

  it('starts those that were shown, and says which are gone', async () => {
    const answer = { messages: [{ executionArn: 'arn:run', because: 'throttled' }], more: false };
    const { act, performed } = await scene({ replay: { outcome: 'done', answer } });
    const answered = await act({ order: { act: 'replay' }, targets: ['m1', 'm2'], confirm: '2 signups' });
    expect(StageActResultsSchema.parse(answered?.json).results.map(({ outcome }) => outcome)).toEqual([
      'done',
      'nothing',
    ]);
    expect(performed).toMatchObject([{ kind: 'replay', only: ['m1', 'm2'] }]);
  });

  it.each([
    [['m1'], '2 signups', 'confirm'],
    [[], '0 signups', 'targets'],
  ])('starts nothing for %j, confirmed as %s', async (targets, confirm, field) => {
    const { act, performed } = await scene({});
    const answered = await act({ order: { act: 'replay' }, targets, confirm });
    expect([answered?.status, answered?.json]).toEqual([400, expect.objectContaining({ field })]);
    expect(performed).toEqual([]);
  });
});
