/**
 * Pages of an AWS list, for APIs with any name for the token. The SDK's own paginators require an
 * instance of their client; this one accepts any function that returns a page.
 */
export async function* pages<Page, Token = string>(
  ask: (token: Token | undefined) => Promise<Page>,
  tokenOf: (page: Page) => Token | undefined,
): AsyncGenerator<Page> {
  let token: Token | undefined;
  do {
    const page = await ask(token);
    yield page;
    token = tokenOf(page);
  } while (token);
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
