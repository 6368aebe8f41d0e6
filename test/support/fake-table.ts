import { CHANGE_INDEX } from '../../functions/contract/records';
import type { TenantsTable } from '../../functions/tenants/tenants-table';
import { holds, updated } from './fake-table-expressions';

type Item = Record<string, unknown>;
interface Projection {
  readonly ProjectionExpression?: string;
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>>;
}
interface Input extends Projection {
  readonly Key: Item;
  readonly Item: Item;
  readonly TransactItems: Record<string, Input>[];
  readonly ConditionExpression: string;
  readonly FilterExpression?: string;
  readonly IndexName?: string;
  readonly KeyConditionExpression: string;
  readonly UpdateExpression: string;
  readonly ReturnValues?: string;
  readonly ExclusiveStartKey?: Item;
  readonly Limit?: number;
  readonly Select?: string;
  readonly RequestItems: Record<string, Projection & { readonly Keys: Item[] }>;
  readonly ScanIndexForward?: boolean;
}
const keyOf = ({ pk, sk }: Item) => `${pk}|${sk}`;

/** The attributes that a read asks for, of copies. A name that is a reserved word needs an alias. */
function projected(items: readonly Item[], { ProjectionExpression, ExpressionAttributeNames: names = {} }: Projection) {
  if (!ProjectionExpression) return structuredClone([...items]);
  const asked = ProjectionExpression.split(', ').map((name) => names[name] ?? name);
  return items.map((item) =>
    structuredClone(Object.fromEntries(asked.flatMap((name) => (name in item ? [[name, item[name]]] : [])))),
  );
}

/** The document client leaves undefined values out. */
const stored = (item: Item): Item => JSON.parse(JSON.stringify(item));

const refusal = (name: string, more: object = {}) =>
  Object.assign(new Error(`the fake table refuses: ${name}`), { name }, more);

/**
 * A tenants table in memory that evaluates condition and update expressions as DynamoDB does, as far as the functions use
 * them, so that tests state what a table says before and after, not which command was sent.
 */
export class FakeTable implements TenantsTable {
  readonly name = 'tenants';
  readonly items = new Map<string, Item>();
  /** Names of the commands sent, in order. */
  readonly calls: string[] = [];
  /** Called before each command, by its name; may throw, or change the table as somebody else would. */
  before: (command: string) => void = () => {};
  /** Called after the effect of a command; may throw, as if the answer was lost. */
  after: (command: string) => void = () => {};

  constructor(...items: Item[]) {
    for (const item of items) this.put(item);
  }

  put(item: Item): void {
    this.items.set(keyOf(item), item);
  }

  get(key: { pk: string; sk: string }): Item | undefined {
    return this.items.get(keyOf(key));
  }

  readonly client = {
    send: async (command: object): Promise<never> => {
      const { input } = command as { input: Input };
      const answer = this.answer(command.constructor.name, input);
      this.after(command.constructor.name);
      return answer as never;
    },
  };

  private answer(name: string, input: Input): unknown {
    this.calls.push(name);
    this.before(name);
    if (name === 'GetCommand') return { Item: structuredClone(this.items.get(keyOf(input.Key))) };
    if (name === 'BatchGetCommand') return this.batch(input);
    if (name === 'QueryCommand') return this.query(input);
    if (name === 'ScanCommand') return this.scan(input);
    if (name === 'TransactWriteCommand') return this.transact(input.TransactItems);
    const kind = name.replace('Command', '');
    if (!['Put', 'Update', 'Delete'].includes(kind)) throw new Error(`the fake table does not know ${name}`);
    const old = this.items.get(keyOf(input.Key ?? input.Item));
    if (!this.allows(input)) throw refusal('ConditionalCheckFailedException');
    this.apply(kind, input);
    return { Attributes: input.ReturnValues === 'ALL_OLD' ? old : this.items.get(keyOf(input.Key ?? input.Item)) };
  }

  /** In no order, as DynamoDB has none. */
  private batch({ RequestItems }: Input): unknown {
    const { Keys = [], ...projection } = RequestItems[this.name] ?? {};
    const found = Keys.flatMap((key): Item[] => {
      const item = this.items.get(keyOf(key));
      return item ? [item] : [];
    });
    return { Responses: { [this.name]: projected(found.toReversed(), projection) } };
  }

  private allows(write: Input): boolean {
    return holds(write, this.items.get(keyOf(write.Key ?? write.Item)));
  }

  private apply(kind: string, write: Input): void {
    if (kind === 'Put') this.put(stored(write.Item));
    if (kind === 'Delete') this.items.delete(keyOf(write.Key));
    if (kind === 'Update') this.put(updated(write, this.items.get(keyOf(write.Key)) ?? { ...write.Key }));
  }

  private transact(writes: Record<string, Input>[]): unknown {
    const parts = writes.flatMap((write) => Object.entries(write));
    const allowed = parts.map(([, write]) => this.allows(write));
    if (allowed.includes(false)) {
      const CancellationReasons = allowed.map((ok) => ({ Code: ok ? 'None' : 'ConditionalCheckFailed' }));
      throw refusal('TransactionCanceledException', { CancellationReasons });
    }
    for (const [kind, write] of parts) this.apply(kind, write);
    return {};
  }

  /** Two items a page: whoever scans must turn them. */
  private scan(input: Input): unknown {
    const { ExclusiveStartKey } = input;
    const all = [...this.items.values()];
    const from = ExclusiveStartKey ? all.findIndex((item) => keyOf(item) === keyOf(ExclusiveStartKey)) + 1 : 0;
    const page = all.slice(from, from + 2);
    const last = page.at(-1);
    const more = last !== undefined && from + 2 < all.length;
    const { FilterExpression: ConditionExpression } = input;
    const Items = structuredClone(
      ConditionExpression ? page.filter((item) => holds({ ...input, ConditionExpression }, item)) : page,
    );
    return { Items, ...(more && { LastEvaluatedKey: { pk: last.pk, sk: last.sk } }) };
  }

  /** One page holds `Limit` items; keys are those of the table or of the index that has them. */
  private query(input: Input): unknown {
    const sortKey = (item: Item) =>
      String((input.IndexName === CHANGE_INDEX ? item.changeSk : item.stateSk) ?? item.sk);
    const found = [...this.items.values()]
      .filter((item) => holds({ ...input, ConditionExpression: input.KeyConditionExpression }, item))
      .sort((a, b) => sortKey(a).localeCompare(sortKey(b)));
    if (input.ScanIndexForward === false) found.reverse();
    const after = input.ExclusiveStartKey
      ? found.findIndex((item) => keyOf(item) === keyOf(input.ExclusiveStartKey ?? {})) + 1
      : 0;
    const page = found.slice(after, after + (input.Limit ?? found.length));
    const last = page.at(-1);
    const more = last !== undefined && after + page.length < found.length;
    return {
      ...(input.Select === 'COUNT' ? { Count: page.length } : { Items: projected(page, input) }),
      ...(more && { LastEvaluatedKey: { pk: last.pk, sk: last.sk } }),
    };
  }
}
