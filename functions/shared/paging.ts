/**
 * Pages of an AWS list, whatever the API calls its token. The SDK's own paginators want an instance of their client; this
 * one takes everything that can be asked for a page. Sequential, because the number of calls is what costs.
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

/** The items of all pages, of `pages` or of a paginator of the SDK. */
export async function everyItem<Page, Item>(
  from: AsyncIterable<Page>,
  itemsOf: (page: Page) => readonly Item[] | undefined,
): Promise<Item[]> {
  const found: Item[] = [];
  for await (const page of from) found.push(...(itemsOf(page) ?? []));
  return found;
}
