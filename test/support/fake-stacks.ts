import {
  CloudFormationClient,
  type OperationEvent,
  type StackEvent,
  type StackResource,
  type StackStatus,
  type Tag,
} from '@aws-sdk/client-cloudformation';
import { TENANT_TAG } from '../../functions/contract/naming';
import { ACCOUNT_ID, NOW, REGION } from './builders';
import { awsError } from './fake-client';

export interface FakeStack {
  readonly StackId: string;
  readonly StackName: string;
  StackStatus: StackStatus;
  EnableTerminationProtection: boolean;
  CreationTime: Date;
  readonly Parameters: Record<string, string>;
  readonly RoleARN: string;
  readonly TemplateURL: string;
  /** Of the latest operation, whose events have it. */
  ClientRequestToken: string;
  readonly Tags: Tag[];
  Outputs: { OutputKey: string; OutputValue: string }[];
  /** Oldest first. */
  readonly events: StackEvent[];
  /** What CloudFormation has found before it made any resource. */
  early: OperationEvent[];
  /** Those of a storage stack are its bucket, unless a test says otherwise. */
  resources: StackResource[];
}
interface Input {
  readonly StackName: string;
  readonly TemplateURL: string;
  readonly RoleARN: string;
  readonly ClientRequestToken: string;
  readonly Parameters: { readonly ParameterKey: string; readonly ParameterValue: string }[];
  readonly Tags: Tag[];
  readonly EnableTerminationProtection: boolean;
  readonly NextToken?: string;
}

const EVENTS_PER_PAGE = 4;

const bucketOf = (StackName: string): StackResource => ({
  ...{ LogicalResourceId: 'Bucket', ResourceType: 'AWS::S3::Bucket', ResourceStatus: 'CREATE_COMPLETE' },
  PhysicalResourceId: StackName.replace(/storage$/, `${ACCOUNT_ID}-${REGION}`),
  Timestamp: new Date(NOW),
});

/**
 * CloudFormation, for one account: a stack changes only when it is asked to, or when the test says that it has `become`
 * something. A deleted stack is known by its id alone. Extends the client because the SDK's paginators look at the class.
 */
export class FakeStacks extends CloudFormationClient {
  readonly stacks: FakeStack[] = [];
  readonly calls: string[] = [];
  now: () => Date = () => new Date(NOW);
  /** Names that DescribeStacks does not show yet: it may lag behind CreateStack. Ids it shows. */
  readonly hidden = new Set<string>();
  /** What DescribeStacks still shows of stacks, by their ids: it may lag behind their events. */
  readonly shown = new Map<string, StackStatus>();
  before: (command: string) => void = () => {};
  after: (command: string) => void = () => {};

  constructor() {
    super({ region: REGION, credentials: { accessKeyId: 'id', secretAccessKey: 'secret' } });
    Object.assign(this, { send: this.answering });
  }

  /** Stacks that exist, and may cost money. */
  living(): FakeStack[] {
    return this.stacks.filter(({ StackStatus }) => StackStatus !== 'DELETE_COMPLETE');
  }

  add(StackName: string, more: Partial<FakeStack> = {}): FakeStack {
    const stack: FakeStack = {
      StackId: `arn:aws:cloudformation:${REGION}:${ACCOUNT_ID}:stack/${StackName}/${this.stacks.length + 1}`,
      StackName,
      StackStatus: 'CREATE_IN_PROGRESS',
      EnableTerminationProtection: false,
      CreationTime: this.now(),
      Parameters: {},
      RoleARN: '',
      TemplateURL: '',
      ClientRequestToken: '',
      Tags: [{ Key: TENANT_TAG, Value: /^tenant-(.+)-[a-z]+$/.exec(StackName)?.[1] ?? '' }],
      Outputs: [],
      events: [],
      early: [],
      resources: StackName.endsWith('-storage') ? [bucketOf(StackName)] : [],
      ...more,
    };
    this.stacks.push(stack);
    return stack;
  }

  become(stack: FakeStack, StackStatus: StackStatus, outputs: Record<string, string | undefined> = {}): void {
    this.change(stack, StackStatus);
    stack.Outputs = Object.entries(outputs).map(([OutputKey, OutputValue = '']) => ({ OutputKey, OutputValue }));
  }

  private change(stack: FakeStack, StackStatus: StackStatus): void {
    stack.StackStatus = StackStatus;
    const { StackId } = stack;
    const ResourceType = 'AWS::CloudFormation::Stack';
    stack.events.push({
      StackId,
      PhysicalResourceId: StackId,
      ResourceType,
      ResourceStatus: StackStatus,
      ClientRequestToken: stack.ClientRequestToken,
    } as StackEvent);
  }

  private describe(stack: FakeStack): object {
    const StackStatus = this.shown.get(stack.StackId) ?? stack.StackStatus;
    return structuredClone({ ...stack, StackStatus });
  }

  private readonly answering = async (command: object): Promise<unknown> => {
    const name = command.constructor.name;
    this.before(name);
    this.calls.push(name);
    const answer = this.answer(name, (command as { input: Input }).input);
    this.after(name);
    return answer;
  };

  private find(nameOrId: string): FakeStack {
    const stack =
      this.living().find(({ StackName }) => StackName === nameOrId) ??
      this.stacks.find(({ StackId }) => StackId === nameOrId);
    if (!stack) throw awsError('ValidationError', `Stack with id ${nameOrId} does not exist`);
    return stack;
  }

  private answer(name: string, input: Input): unknown {
    switch (name) {
      case 'CreateStackCommand': {
        if (this.living().some(({ StackName }) => StackName === input.StackName))
          throw awsError('AlreadyExistsException', `Stack [${input.StackName}] already exists`);
        const { Tags, RoleARN, TemplateURL, ClientRequestToken } = input;
        const Parameters = Object.fromEntries(input.Parameters.map((p) => [p.ParameterKey, p.ParameterValue]));
        return {
          StackId: this.add(input.StackName, { Tags, RoleARN, TemplateURL, ClientRequestToken, Parameters }).StackId,
        };
      }
      case 'DescribeStacksCommand':
        if (this.hidden.has(input.StackName))
          throw awsError('ValidationError', `Stack with id ${input.StackName} does not exist`);
        return { Stacks: [this.describe(this.find(input.StackName))] };
      case 'DeleteStackCommand': {
        const stack = this.find(input.StackName);
        if (stack.EnableTerminationProtection)
          throw awsError(
            'ValidationError',
            `Stack [${stack.StackName}] cannot be deleted while TerminationProtection is enabled`,
          );
        if (stack.StackStatus.startsWith('UPDATE_') && stack.StackStatus.endsWith('_IN_PROGRESS'))
          throw awsError(
            'ValidationError',
            `Stack [${stack.StackName}] cannot be deleted while in status ${stack.StackStatus}`,
          );
        // A deletion that is under way is the one that had begun, and its events go on having that one's token.
        if (stack.StackStatus === 'DELETE_COMPLETE' || stack.StackStatus === 'DELETE_IN_PROGRESS') return {};
        stack.ClientRequestToken = input.ClientRequestToken ?? '';
        this.change(stack, 'DELETE_IN_PROGRESS');
        return {};
      }
      case 'UpdateTerminationProtectionCommand':
        this.find(input.StackName).EnableTerminationProtection = input.EnableTerminationProtection;
        return {};
      case 'DescribeStackEventsCommand': {
        const from = Number(input.NextToken ?? 0);
        const newestFirst = this.find(input.StackName).events.toReversed();
        const next = from + EVENTS_PER_PAGE;
        const StackEvents = newestFirst.slice(from, next);
        return { StackEvents, ...(next < newestFirst.length && { NextToken: String(next) }) };
      }
      case 'DescribeEventsCommand':
        return { OperationEvents: structuredClone(this.find(input.StackName).early) };
      case 'DescribeStackResourcesCommand':
        return { StackResources: structuredClone(this.find(input.StackName).resources) };
      default:
        throw new Error(`the fake stacks do not know ${name}`);
    }
  }
}
