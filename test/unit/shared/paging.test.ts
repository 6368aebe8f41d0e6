import { everyItem, pages } from '../../../functions/shared/paging';

interface Page {
  readonly Items?: readonly string[];
  readonly Next?: string;
}

/** Three pages, the second without an item; the last has the empty token that some APIs end with ("GetResources"). */
const BY_TOKEN = new Map<string | undefined, Page>([
  [undefined, { Items: ['a', 'b'], Next: '1' }],
  ['1', { Next: '2' }],
  ['2', { Items: ['c'], Next: '' }],
]);

test('reads each page with the token of the page before, until there is no token', async () => {
  const asked: (string | undefined)[] = [];
  const ask = async (token?: string) => {
    asked.push(token);
    return BY_TOKEN.get(token) ?? {};
  };
  const found = await everyItem<Page, string>(pages(ask, 'Next'), ({ Items }) => Items);
  expect(found).toEqual(['a', 'b', 'c']);
  expect(asked).toEqual([undefined, '1', '2']);
});

test('requests no further page when the reader stops', async () => {
  let asked = 0;
  const ask = async () => {
    asked += 1;
    return { Next: 'more' };
  };
  for await (const _ of pages(ask, 'Next')) break;
  expect(asked).toBe(1);
});
