import { awsError } from './fake-client';

type Answer = { readonly output: unknown } | { readonly error: string; readonly cause: string };
interface Input {
  readonly taskToken: string;
  readonly output: string;
  readonly error: string;
  readonly cause: string;
}

/** Step Functions' waiting tasks: each token is answered once. */
export class FakeTasks {
  readonly answers = new Map<string, Answer>();
  /** Tokens whose tasks have timed out or whose executions have ended. */
  readonly gone = new Set<string>();
  before: (command: string) => void = () => {};
  after: (command: string) => void = () => {};

  readonly send = async (command: object): Promise<never> => {
    const name = command.constructor.name;
    const { taskToken, output, error, cause } = (command as { input: Input }).input;
    this.before(name);
    if (this.gone.has(taskToken) || this.answers.has(taskToken)) throw awsError('TaskTimedOut');
    if (name === 'SendTaskSuccessCommand') this.answers.set(taskToken, { output: JSON.parse(output) });
    else if (name === 'SendTaskFailureCommand') this.answers.set(taskToken, { error, cause });
    else throw new Error(`the fake tasks do not know ${name}`);
    this.after(name);
    return {} as never;
  };
}
