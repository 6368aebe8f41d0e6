/**
 * Pages of an AWS list. The SDK's own paginators require an instance of their client, and not every
 * list has one; this one accepts any function that returns a page.
 *
 * @param token name of the token for the next page
 */
export async function* pages<Page, Token extends keyof Page>(
  ask: (after: Page[Token] | undefined) => Promise<Page>,
  token: Token,
): AsyncGenerator<Page> {
  let after: Page[Token] | undefined;
  do {
    const page = await ask(after);
    yield page;
    after = page[token];
  } while (after);
}

/** The items of all pages. `from` is `pages` or a paginator of the SDK. */
export async function everyItem<Page, Item>(
  from: AsyncIterable<Page>,
  itemsOf: (page: Page) => readonly Item[] | undefined,
): Promise<Item[]> {
  const found: Item[] = [];
  for await (const page of from) found.push(...(itemsOf(page) ?? []));
  return found;
}
