import { type Command, InvalidArgumentError, Option } from 'commander';
import * as z from 'zod';
import { STAGES, type Stage } from '../../infra/config/environments';
import { StageClient } from '../client/stage-client';
import { nonBlank, refuseIgnored } from '../options';
import { printable } from '../printable';
import { stageOption } from '../stage-connection';

/** Dependencies of every `ops` command. */
export interface Ops {
  readonly client: StageClient;
  readonly stage: Stage;
  /** Prints the data as JSON if `--json` is set, and otherwise the text. */
  readonly print: (data: unknown, text: () => string) => void;
  /** The same of a stored text, whose digest a file of the output has, too. */
  readonly printStored: (data: unknown, text: string) => void;
  readonly signal: AbortSignal;
}

export const OpsOptions = z.object({ stage: z.enum(STAGES), json: z.boolean().default(false) });

export const printing = (json: boolean): Ops['print'] => {
  return (data, text) => console.log(json ? JSON.stringify(data, null, 2) : printable(text()));
};

/** A stored text is printed byte for byte, but on a terminal without what could steer it. */
export const printingStored = (
  json: boolean,
  out: Pick<NodeJS.WriteStream, 'isTTY' | 'write'> = process.stdout,
): Ops['printStored'] => {
  return (data, text) => {
    if (json || out.isTTY) printing(json)(data, () => text);
    else out.write(text);
  };
};

/** Connects to the stage. @throws Error when it is not deployed, or the credentials are of another account */
export async function opsOf({ stage, json }: z.output<typeof OpsOptions>, signal: AbortSignal): Promise<Ops> {
  const client = await StageClient.connect(stage);
  return { client, stage, print: printing(json), printStored: printingStored(json), signal };
}

/** @returns the exit code */
export type Work<O> = (ops: Ops, options: O, argument: string | undefined) => Promise<number>;

const jsonOption = () => new Option('--json', 'prints JSON');

/**
 * Adds commands with `--stage`, and with `--json` where they print data, to the program.
 *
 * @param usage name of the command, and its argument if it has one: `status <tenant>`
 * @param ended called with the exit code
 */
export class Commands {
  constructor(
    private readonly program: Command,
    private readonly signal: AbortSignal,
    private readonly ended: (code: number) => void,
  ) {}

  /**
   * A command that works on a deployed stage.
   *
   * @param misuse what is wrong with options and argument that are right each by itself; asked before the stage is looked for
   */
  add<S extends z.ZodType>(
    usage: string,
    description: string,
    examples: readonly string[],
    schema: S,
    work: Work<z.output<S>>,
    misuse: (options: z.output<S>, argument: string | undefined) => string | undefined = () => undefined,
  ): Command {
    const command = this.command(usage, description, examples).addOption(jsonOption());
    return command.action(async (...given: unknown[]) => {
      refuseIgnored(command);
      const argument = typeof given[0] === 'string' ? nonBlank(given[0]) : undefined;
      const read = schema.safeParse(command.opts());
      if (!read.success) return command.error(`error: ${read.error.issues.map(({ message }) => message).join('; ')}`);
      const options = read.data;
      const wrong = misuse(options, argument);
      if (wrong !== undefined) return command.error(`error: ${wrong}`);
      const ops = await opsOf(OpsOptions.parse(command.opts()), this.signal);
      this.ended(await work(ops, options, argument));
    });
  }

  /** A command that needs no deployed stage. */
  addWithoutStage(
    usage: string,
    description: string,
    examples: readonly string[],
    work: (stage: Stage, print: Ops['print'], signal: AbortSignal) => Promise<number>,
  ): Command {
    const command = this.command(usage, description, examples).addOption(jsonOption());
    return command.action(async () => {
      const { stage, json } = OpsOptions.parse(command.opts());
      this.ended(await work(stage, printing(json), this.signal));
    });
  }

  /** A command that serves a page until it is interrupted, and so prints no data. */
  addServer(
    usage: string,
    description: string,
    examples: readonly string[],
    work: (stage: Stage, signal: AbortSignal, options: unknown) => Promise<number>,
  ): Command {
    const command = this.command(usage, description, examples);
    return command.action(async () => {
      const { stage } = OpsOptions.parse(command.opts());
      this.ended(await work(stage, this.signal, command.opts()));
    });
  }

  private command(usage: string, description: string, examples: readonly string[]): Command {
    const command = this.program.command(usage).description(description);
    command.addHelpText('after', ['', 'Examples:', ...examples.map((each) => `  $ ops ${each}`)].join('\n'));
    return command.addOption(stageOption());
  }
}

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Reads `30m`, `12h` or `7d`. @returns the time that long ago */
export function ago(text: string): Date {
  const [, count = '', unit = ''] = /^(\d{1,5})([mhd])$/.exec(text) ?? [];
  const ms = UNITS[unit];
  if (!ms) throw new InvalidArgumentError('Expected a number of minutes, hours or days: 30m, 12h, 7d.');
  return new Date(Date.now() - Number(count) * ms);
}
