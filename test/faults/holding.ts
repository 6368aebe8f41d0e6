/** Something that costs money or holds a name: what is left of it after an onboarding belongs to a living tenant, or is an orphan. */
export interface Holding {
  /** Of what kind and in what state: `ec2 subnet`, `stack CREATE_COMPLETE protected` ... */
  readonly kind: string;
  readonly name: string;
  /** Whose it is, by name or tag; absent where nothing on it says so. */
  readonly tenantId?: string;
}

const TENANT_ID = /(?<![0-9a-z])t[0-9a-hjkmnp-tv-z]{15}(?![0-9a-z])/;

/** The tenant that a name, an ARN or a tag value speaks of. */
export function tenantIn(...texts: (string | undefined)[]): string | undefined {
  for (const text of texts) {
    const found = text === undefined ? null : TENANT_ID.exec(text);
    if (found) return found[0];
  }
  return undefined;
}

export interface Tag {
  readonly Key?: string | undefined;
  readonly Value?: string | undefined;
}

/** @param about further texts that may name the tenant */
export function holding(kind: string, name = '', tags: readonly Tag[] = [], ...about: (string | undefined)[]): Holding {
  const tagged = tags.find(({ Key }) => Key === 'tenantId')?.Value;
  const tenantId = tenantIn(tagged, name, ...about);
  return { kind, name, ...(tenantId && { tenantId }) };
}

/** All pages of one list. */
export async function all<Page, Item>(
  pages: AsyncIterable<Page>,
  items: (page: Page) => readonly Item[] | undefined,
): Promise<Item[]> {
  const found: Item[] = [];
  for await (const page of pages) found.push(...(items(page) ?? []));
  return found;
}
