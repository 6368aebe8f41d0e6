import * as z from 'zod';
import { logger } from './logger';
import { describeIssues } from './parse-at';

const KeySchema = z.object({ pk: z.string(), sk: z.string() });

/** The keys of an item; never its content, which may be anything. */
function nameOf(item: unknown): string {
  const key = KeySchema.safeParse(item).data;
  return key ? `${key.pk} ${key.sk}` : 'an item without keys';
}

/**
 * Parses the items of a list. A person in the console or an older release may have damaged an item.
 * A damaged item is logged and skipped, so that the work on the other items goes on.
 */
export class ReadableItems {
  /** Keys of the damaged items so far, each once. */
  readonly unreadable = new Set<string>();

  /** @returns undefined for a damaged item */
  read<S extends z.ZodType>(schema: S, item: unknown): z.output<S> | undefined {
    const parsed = schema.safeParse(item);
    if (parsed.success) return parsed.data;
    this.passOver(item, describeIssues(parsed.error));
    return undefined;
  }

  /** @param item or its keys */
  passOver(item: unknown, why: string): void {
    const name = nameOf(item);
    this.unreadable.add(name);
    logger.error('item.unreadable', { item: name, why });
  }
}
