import type { StageClient } from '../../../operations/client/stage-client';
import { EXIT } from '../../../operations/ops/exit';
import { restore } from '../../../operations/ops/restoring';

const STEP = { tenantId: 't1', host: 'acme.funnels.example', instanceId: 'tenant-t1-restored' };

async function discarding(done: object): Promise<{ code: number; text: string }> {
  let text = '';
  const client = { discardRestore: async () => ({ ...STEP, ...done }) } as unknown as StageClient;
  const print = (_: unknown, of: () => string) => {
    text = of();
  };
  const ops = { client, stage: 'dev', print, printStored: () => undefined, signal: AbortSignal.timeout(1) } as const;
  return { code: await restore(ops, 'acme', { to: undefined, discard: true, reason: 'INC-42' }), text };
}

test('who gives up a restore that has suspended the tenant is told that it answers nobody', async () => {
  const suspension = 'restore to 2030-01-01T12:00:00Z: INC-42';
  for (const [phase, code] of [
    ['done', EXIT.done],
    ['nothing', EXIT.nothing],
  ] as const) {
    const told = await discarding({ phase, suspension });
    expect(told).toEqual({
      code,
      text: expect.stringMatching(/\nacme\.funnels\.example stays SUSPENDED \(restore to .*\): resume it$/),
    });
    expect((await discarding({ phase })).text).not.toContain('SUSPENDED');
  }
});
