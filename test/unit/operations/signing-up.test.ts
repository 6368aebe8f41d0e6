import type { StageClient } from '../../../operations/client/stage-client';
import { signUp } from '../../../operations/ops/acts';

const COMPANY = { company: 'Acme GmbH', subdomain: 'acme', plan: 'growth', email: 'ops@acme.example' } as const;

async function failed(signupId?: string) {
  const sent: { signupId: string }[] = [];
  const told = jest.spyOn(console, 'error').mockImplementation(() => {});
  const client = {
    signUp: async (signup: { signupId: string }) => {
      sent.push(signup);
      throw new Error('no answer came');
    },
  } as unknown as StageClient;
  const ops = { client, stage: 'local', print: () => {}, printStored: () => {}, signal: AbortSignal.any([]) } as const;
  await expect(signUp(ops, { ...COMPANY, signupId }, { wait: false })).rejects.toThrow('no answer came');
  const lines = told.mock.calls.map(([line]) => line);
  told.mockRestore();
  return { id: sent[0]?.signupId ?? '', lines };
}

test('a signup of which no answer comes has told its id: repeated with it, it is the same signup', async () => {
  const first = await failed();
  expect(first.id).toMatch(/^sub_[0-9a-f]{32}$/);
  expect(first.lines).toEqual([`to repeat this signup: --signup-id ${first.id}`]);
  expect((await failed(first.id)).id).toBe(first.id);
});
