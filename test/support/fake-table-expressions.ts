type Item = Record<string, unknown>;
interface Expressions {
  readonly ConditionExpression?: string;
  readonly UpdateExpression?: string;
  readonly ExpressionAttributeNames?: Record<string, string>;
  readonly ExpressionAttributeValues?: Record<string, unknown>;
}

const TOKEN = /<=|>=|<>|[=<>(),+-]|[:#]?[A-Za-z_][\w.#]*/g;

const compare: Record<string, (a: unknown, b: unknown) => boolean> = {
  '=': (a, b) => a !== undefined && a === b,
  '<>': (a, b) => a !== b,
  '<': (a, b) => a !== undefined && (a as string) < (b as string),
  '>': (a, b) => a !== undefined && (a as string) > (b as string),
  '<=': (a, b) => a !== undefined && (a as string) <= (b as string),
  '>=': (a, b) => a !== undefined && (a as string) >= (b as string),
};

/** A recursive-descent reader of DynamoDB's expressions, over one item. It throws on what it does not know. */
class Reader {
  private readonly tokens: string[];
  private position = 0;

  constructor(
    text: string,
    private readonly from: Expressions,
    private readonly item: Item | undefined,
  ) {
    this.tokens = text.match(TOKEN) ?? [];
  }

  private next(): string {
    const token = this.tokens[this.position++];
    if (token === undefined) throw new Error('an expression ends too early');
    return token;
  }

  peek(): string | undefined {
    return this.tokens[this.position];
  }

  private take(token: string): boolean {
    if (this.peek() !== token) return false;
    this.position++;
    return true;
  }

  private expect(token: string): void {
    if (!this.take(token)) throw new Error(`expected ${token}, found ${this.peek()}`);
  }

  path(token = this.next()): string[] {
    return token.split('.').map((part) => (part.startsWith('#') ? this.name(part) : part));
  }

  private name(alias: string): string {
    const name = this.from.ExpressionAttributeNames?.[alias];
    if (name === undefined) throw new Error(`no attribute name ${alias}`);
    return name;
  }

  private read(path: string[]): unknown {
    return path.reduce<unknown>((value, part) => (value as Item | undefined)?.[part], this.item);
  }

  operand(): unknown {
    const token = this.next();
    if (token === 'if_not_exists') {
      this.expect('(');
      const existing = this.read(this.path());
      this.expect(',');
      const other = this.operand();
      this.expect(')');
      return existing ?? other;
    }
    if (!token.startsWith(':')) return this.read(this.path(token));
    const values = this.from.ExpressionAttributeValues ?? {};
    if (!(token in values)) throw new Error(`no attribute value ${token}`);
    return values[token];
  }

  condition(): boolean {
    let result = this.conjunction();
    while (this.take('OR')) result = this.conjunction() || result;
    return result;
  }

  private conjunction(): boolean {
    let result = this.term();
    while (this.take('AND')) result = this.term() && result;
    return result;
  }

  private term(): boolean {
    if (this.take('NOT')) return !this.term();
    if (this.take('(')) {
      const inner = this.condition();
      this.expect(')');
      return inner;
    }
    const exists = this.peek();
    if (exists === 'attribute_exists' || exists === 'attribute_not_exists') {
      this.next();
      this.expect('(');
      const there = this.read(this.path()) !== undefined;
      this.expect(')');
      return there === (exists === 'attribute_exists');
    }
    if (this.take('begins_with')) {
      this.expect('(');
      const text = String(this.read(this.path()));
      this.expect(',');
      const begins = text.startsWith(String(this.operand()));
      this.expect(')');
      return begins;
    }
    const left = this.operand();
    if (this.take('IN')) return this.list().includes(left);
    if (this.take('BETWEEN')) {
      const least = String(this.operand());
      this.expect('AND');
      const most = String(this.operand());
      return least <= String(left) && String(left) <= most;
    }
    const operator = compare[this.next()];
    if (!operator) throw new Error(`unknown operator before ${this.peek()}`);
    return operator(left, this.operand());
  }

  private list(): unknown[] {
    this.expect('(');
    const values = [this.operand()];
    while (this.take(',')) values.push(this.operand());
    this.expect(')');
    return values;
  }

  /** `SET a = :a, b = :b REMOVE c, d` */
  update(): Item {
    const result = structuredClone(this.item ?? {});
    let clause = this.next();
    while (true) {
      const path = this.path();
      const parent = path.slice(0, -1).reduce<Item>((value, part) => value[part] as Item, result);
      const leaf = path.at(-1) ?? '';
      if (clause === 'REMOVE') delete parent[leaf];
      else if (clause === 'SET') {
        this.expect('=');
        let value = this.operand();
        while (this.take('+')) value = (value as number) + (this.operand() as number);
        parent[leaf] = value;
      } else throw new Error(`unknown clause ${clause}`);
      if (this.take(',')) continue;
      if (this.peek() === undefined) return result;
      clause = this.next();
    }
  }
}

export function holds(expressions: Expressions, item: Item | undefined): boolean {
  if (!expressions.ConditionExpression) return true;
  const reader = new Reader(expressions.ConditionExpression, expressions, item);
  const result = reader.condition();
  if (reader.peek() !== undefined) throw new Error(`unread rest of a condition: ${reader.peek()}`);
  return result;
}

export function updated(expressions: Expressions, item: Item): Item {
  return new Reader(expressions.UpdateExpression ?? '', expressions, item).update();
}
