import { readItems } from '../../../functions/tenants/read-items';
import { FakeTable } from '../../support/fake-table';

const [one, two] = [
  { pk: 'SIGNUP#1', sk: 'CLAIM' },
  { pk: 'SUBDOMAIN#acme', sk: 'CLAIM' },
];

test('reads several keys in one request, and answers in their order', async () => {
  const table = new FakeTable({ ...two, tenantId: 't1' }, { ...one, signupId: '1' });
  await expect(readItems(table, [one, { pk: 'SIGNUP#2', sk: 'CLAIM' }, two])).resolves.toEqual([
    { ...one, signupId: '1' },
    undefined,
    { ...two, tenantId: 't1' },
  ]);
  expect(table.calls).toEqual(['BatchGetCommand']);
});

const answering = (...answers: object[]) => ({
  name: 'tenants',
  client: { send: async (): Promise<never> => (answers.length > 1 ? answers.shift() : answers[0]) as never },
});
const unread = { UnprocessedKeys: { tenants: { Keys: [two] } }, Responses: { tenants: [{ ...one, old: true }] } };

test('reads again when the table leaves keys unprocessed', async () => {
  const table = answering(unread, { Responses: { tenants: [one, two] }, UnprocessedKeys: {} });
  await expect(readItems(table, [one, two])).resolves.toEqual([one, two]);
});

test('does not take an unprocessed item for a missing one', async () => {
  await expect(readItems(answering(unread), [one, two])).rejects.toMatchObject({ name: 'TransientThrottling' });
});

test('reads the named attributes alone, and the keys', async () => {
  const table = new FakeTable({ ...one, status: 'ACTIVE', plan: 'growth', kept: 'back' });
  await expect(readItems(table, [one], ['status', 'plan', 'never'])).resolves.toEqual([
    { ...one, status: 'ACTIVE', plan: 'growth' },
  ]);
});
