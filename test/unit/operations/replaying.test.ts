import type { StageClient } from '../../../operations/client/stage-client';
import { previewReplay, replay } from '../../../operations/ops/acts';
import { EXIT } from '../../../operations/ops/exit';

const EMPTY = { visible: 0, hidden: 0 };

/** A queue, and how many of its messages this operator gets: another one has the rest. */
function scene(depth: { visible: number; hidden: number }, found: number) {
  const printed: string[] = [];
  const all = Array.from({ length: found }, (_, n) => `${n}`);
  const client = {
    undeliveredSignups: async () => depth,
    unmatchedEvents: async () => EMPTY,
    previewReplay: async () => ({
      ...{ signups: all.map((messageId) => ({ messageId, because: 'denied' })), unreadable: [], more: false },
    }),
    replay: async function* () {
      for (const n of all) yield { executionArn: `arn:${n}`, because: 'denied' };
    },
  } as unknown as StageClient;
  return { printed, ops: { client, print: (_: unknown, text: () => string) => void printed.push(text()) } };
}

describe.each([
  ['replay', (ops: ReturnType<typeof scene>['ops']) => replay(ops, undefined)],
  ['replay --preview', previewReplay],
])('G4: %s', (_, command) => {
  test.each([
    [EMPTY, 0, EXIT.nothing, 'the dead-letter queue holds no signup'],
    [{ visible: 0, hidden: 2 }, 0, EXIT.failed, '2 messages hidden'],
    [{ visible: 3, hidden: 0 }, 0, EXIT.failed, '3 messages hidden'],
  ])('of a queue with %j, of which %i are found, ends with %i and says "%s"', async (depth, found, code, says) => {
    const { ops, printed } = scene(depth, found);
    expect(await command(ops)).toBe(code);
    expect(printed.join()).toContain(says);
    expect(printed.join()).not.toContain(says.includes('hidden') ? 'holds no signup' : 'hidden');
  });

  test('tells of those that another operator has just received', async () => {
    const { ops, printed } = scene({ visible: 3, hidden: 0 }, 2);
    await command(ops);
    expect(printed.join()).toContain('1 message hidden');
  });

  test('hides nothing when all are found, and some that came meanwhile', async () => {
    const { ops, printed } = scene({ visible: 1, hidden: 0 }, 2);
    expect(await command(ops)).toBe(EXIT.done);
    expect(printed.join()).not.toContain('hidden');
  });
});
