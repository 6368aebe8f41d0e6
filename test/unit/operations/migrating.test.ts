import { itemKeys } from '../../../functions/contract/records';
import type { StageClient } from '../../../operations/client/stage-client';
import { EXIT } from '../../../operations/ops/exit';
import { migrateCells } from '../../../operations/ops/migrating';
import { aCell, NOW } from '../../support/builders';
import { FakeTable } from '../../support/fake-table';

const cell = aCell();
const claim = { cell: cell.name, phase: 'expand', target: '0001-leads-0123456789ab', startedAt: NOW, endedAt: NOW };

/** A cell's claim in the table, and an operator whose new migration is `arn:new` and ends so. */
async function migrated(claimedBy: string, status: string) {
  const answer = { how: 'started', executionArn: 'arn:new' };
  const Payload = { transformToString: () => JSON.stringify({ id: 'act-1', by: 'arn:me', outcome: 'done', answer }) };
  const client = {
    operator: {
      aws: { region: 'eu-central-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } },
      lambda: { send: async () => ({ Payload }) },
      performActFunctionName: 'perform-act',
    },
    table: new FakeTable({
      ...itemKeys.migration(cell.name),
      ...claim,
      outcome: 'completed',
      executionArn: claimedBy,
    }),
    follow: async () => ({ status }),
  } as unknown as StageClient;
  const printed: { data: unknown; text: string }[] = [];
  const print = (data: unknown, text: () => string) => printed.push({ data, text: text() });
  const told = jest.spyOn(console, 'error').mockImplementation(() => {});
  const ops = { client, print, printStored: print, stage: 'local', signal: new AbortController().signal } as never;
  const code = await migrateCells(ops, [cell], { phase: 'expand' });
  told.mockRestore();
  return { code, ...printed[0] };
}

test('a migration is told by its claim', async () => {
  const { code, data, text } = await migrated('arn:new', 'SUCCEEDED');
  expect(code).toBe(EXIT.done);
  expect(data).toMatchObject([{ cell: cell.name, how: 'started', migration: { executionArn: 'arn:new' } }]);
  expect(text).toContain('completed at');
});

test('a migration that was refused at its start is not told by the claim of the one before', async () => {
  const { code, data, text } = await migrated('arn:before', 'FAILED');
  expect(code).toBe(EXIT.failed);
  expect(data).toEqual([{ cell: cell.name, how: 'started', executionArn: 'arn:new', migration: undefined }]);
  expect(text).toBe(`cell ${cell.name}: nothing was begun`);
});
