/**
 * An AWS client that answers by command, `{ PutEventsCommand: {...} }`: a value, an Error to throw, or a function of the
 * command's input and the number of calls before it. It records what was sent, and refuses commands it has no answer for.
 */
export class FakeClient {
  readonly sent: { readonly command: string; readonly input: Record<string, unknown> }[] = [];
  /** Called before each command; may throw. */
  before: (command: string) => void = () => {};
  /** Called after each command; may throw, as if the answer was lost. */
  after: (command: string) => void = () => {};

  constructor(private readonly answers: Readonly<Record<string, unknown>>) {}

  /** Inputs of all calls of one command. */
  inputs(command: string): Record<string, unknown>[] {
    return this.sent.filter((call) => call.command === command).map((call) => call.input);
  }

  readonly send = async (command: object): Promise<never> => {
    const name = command.constructor.name;
    const { input } = command as { input: Record<string, unknown> };
    if (!(name in this.answers)) throw new Error(`the fake client has no answer to ${name}`);
    const before = this.inputs(name).length;
    this.before(name);
    this.sent.push({ command: name, input });
    const given = this.answers[name];
    const answer = typeof given === 'function' ? given(input, before) : given;
    if (answer instanceof Error) throw answer;
    this.after(name);
    return answer as never;
  };
}

/** An error as the SDK throws it. */
export const awsError = (name: string, message = `${name} from AWS`) => Object.assign(new Error(message), { name });
