import { type KeyState, KMSServiceException } from '@aws-sdk/client-kms';
import { ACCOUNT_ID, REGION } from './builders';

interface Statement {
  readonly Effect: string;
  readonly Principal: '*' | { readonly AWS?: string; readonly Service?: string };
  readonly Action: string | readonly string[];
  readonly Condition?: object;
}
export interface FakeKey {
  readonly Arn: string;
  readonly KeyId: string;
  KeyState: KeyState;
  Policy: { readonly Statement: readonly Statement[] };
  readonly tags: Record<string, string>;
  rotates: boolean;
  deletedIn?: number;
  /** Whether the tag index knows it already. */
  indexed: boolean;
}
interface Input {
  readonly KeyId: string;
  readonly AliasName: string;
  readonly TargetKeyId: string;
  readonly Policy: string;
  readonly Tags: { readonly TagKey: string; readonly TagValue: string }[];
  readonly TagFilters: { readonly Key: string; readonly Values?: readonly (string | undefined)[] }[];
  readonly PendingWindowInDays: number;
  readonly PaginationToken?: string;
}

/** As the SDK throws it. */
export const kmsError = (name: string, message: string, httpStatusCode = 400) =>
  new KMSServiceException({ name, message, $fault: 'client', $metadata: { httpStatusCode } });

const rootOf = (account: string) => `arn:aws:iam::${account}:root`;
const listed = (actions: string | readonly string[]) => [actions].flat();
const admits = (pattern: string, action: string) => new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(action);

/**
 * KMS and the tag index of an account. It refuses what KMS refuses: a policy that names a principal which does not exist or
 * that locks its maker out, a change that the key's state forbids, an alias that is taken. GetResources has one key a page.
 */
export class FakeKeys {
  readonly keys: FakeKey[] = [];
  readonly aliases = new Map<string, FakeKey>();
  /** Principals that exist, beside the account itself. */
  readonly principals = new Set<string>();
  /** How long the tag index stays behind: new keys are hidden from it until it is told. */
  indexing = true;
  before: (command: string) => void = () => {};
  after: (command: string) => void = () => {};

  /** A key as an earlier run has left it. */
  add(tags: Record<string, string>, key: Partial<FakeKey> = {}): FakeKey {
    const KeyId = `key-${this.keys.length + 1}`;
    const Arn = `arn:aws:kms:${REGION}:${ACCOUNT_ID}:key/${KeyId}`;
    const base = { Arn, KeyId, tags, rotates: false, indexed: this.indexing, Policy: { Statement: [] } };
    const made: FakeKey = { ...base, KeyState: 'Enabled', ...key };
    this.keys.push(made);
    return made;
  }

  /** Keys that cost money. */
  living(): FakeKey[] {
    return this.keys.filter(({ KeyState }) => KeyState !== 'PendingDeletion');
  }

  index(): void {
    this.indexing = true;
    for (const key of this.keys) key.indexed = true;
  }

  readonly send = async (command: object): Promise<never> => {
    const name = command.constructor.name;
    this.before(name);
    const answer = this.answer(name, (command as { input: Input }).input);
    this.after(name);
    return answer as never;
  };

  private find(id: string): FakeKey {
    const key = this.aliases.get(id) ?? this.keys.find(({ Arn, KeyId }) => id === Arn || id === KeyId);
    if (!key) throw kmsError('NotFoundException', `${id} does not exist`);
    return key;
  }

  private in(id: string, ...states: KeyState[]): FakeKey {
    const key = this.find(id);
    if (states.includes(key.KeyState)) return key;
    // "Key states of AWS KMS keys": what only an enabled key allows is refused under a name of its own.
    const isDisabled = key.KeyState === 'Disabled' && states.includes('Enabled');
    throw kmsError(isDisabled ? 'DisabledException' : 'KMSInvalidStateException', `${id} is ${key.KeyState}`);
  }

  private policy(text: string): FakeKey['Policy'] {
    const policy: FakeKey['Policy'] = JSON.parse(text);
    const malformed = (reason: string) => kmsError('MalformedPolicyDocumentException', reason);
    const root = rootOf(ACCOUNT_ID);
    for (const { Principal } of policy.Statement) {
      const named = Principal === '*' ? undefined : Principal.AWS;
      if (named && named !== root && !this.principals.has(named)) throw malformed(`no principal ${named}`);
    }
    const keepsTheKeys = policy.Statement.some(
      ({ Effect, Principal, Action, Condition }) =>
        Effect === 'Allow' &&
        Principal !== '*' &&
        Principal.AWS === root &&
        !Condition &&
        listed(Action).some((pattern) => admits(pattern, 'kms:PutKeyPolicy')),
    );
    if (!keepsTheKeys) throw malformed('The new key policy will not allow you to update the key policy in the future.');
    return policy;
  }

  private answer(name: string, input: Input): unknown {
    switch (name) {
      case 'CreateKeyCommand': {
        const tags = Object.fromEntries(input.Tags.map(({ TagKey, TagValue }) => [TagKey, TagValue]));
        return { KeyMetadata: { ...this.add(tags, { Policy: this.policy(input.Policy) }) } };
      }
      case 'DescribeKeyCommand':
        return { KeyMetadata: { ...this.find(input.KeyId) } };
      case 'PutKeyPolicyCommand':
        this.find(input.KeyId).Policy = this.policy(input.Policy);
        return {};
      case 'EnableKeyRotationCommand':
        this.in(input.KeyId, 'Enabled').rotates = true;
        return {};
      case 'EnableKeyCommand':
        this.in(input.KeyId, 'Enabled', 'Disabled').KeyState = 'Enabled';
        return {};
      case 'DisableKeyCommand':
        this.in(input.KeyId, 'Enabled', 'Disabled').KeyState = 'Disabled';
        return {};
      case 'CancelKeyDeletionCommand':
        this.in(input.KeyId, 'PendingDeletion').KeyState = 'Disabled';
        return {};
      case 'ScheduleKeyDeletionCommand': {
        const key = this.in(input.KeyId, 'Enabled', 'Disabled');
        key.KeyState = 'PendingDeletion';
        key.deletedIn = input.PendingWindowInDays;
        return {};
      }
      case 'CreateAliasCommand':
        if (this.aliases.has(input.AliasName)) throw kmsError('AlreadyExistsException', input.AliasName);
        this.aliases.set(input.AliasName, this.in(input.TargetKeyId, 'Enabled', 'Disabled'));
        return {};
      case 'DeleteAliasCommand':
        if (!this.aliases.delete(input.AliasName)) throw kmsError('NotFoundException', input.AliasName);
        return {};
      case 'GetKeyPolicyCommand':
        return { Policy: JSON.stringify(this.find(input.KeyId).Policy) };
      case 'ListAliasesCommand': {
        const key = input.KeyId ? this.find(input.KeyId) : undefined;
        const listed = [...this.aliases].filter(([, each]) => !key || each === key);
        return { Aliases: listed.map(([AliasName]) => ({ AliasName })) };
      }
      case 'GetResourcesCommand':
        return this.tagged(input);
      default:
        throw new Error(`the fake keys do not know ${name}`);
    }
  }

  private tagged({ TagFilters, PaginationToken }: Input): unknown {
    const found = this.keys.filter(
      ({ indexed, tags }) =>
        indexed && TagFilters.every(({ Key, Values = [tags[Key]] }) => Values.includes(tags[Key]) && Key in tags),
    );
    // The first page is empty: "GetResources" promises no full pages.
    const page = Number(PaginationToken ?? 0);
    const ResourceTagMappingList = found.slice(page - 1, page).map(({ Arn, tags }) => ({
      ResourceARN: Arn,
      Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
    }));
    return {
      ResourceTagMappingList: page === 0 ? [] : ResourceTagMappingList,
      PaginationToken: page < found.length ? String(page + 1) : '',
    };
  }
}
