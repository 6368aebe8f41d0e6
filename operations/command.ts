import { createInterface } from 'node:readline';
import { printable } from './printable';

const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
const EXIT_CODE_OF_SIGPIPE = 141;
/** Milliseconds. npm passes on to its command the signal that the terminal has sent to both: one Ctrl-C comes twice. */
const ONE_KEY = 500;

/** The reason with which a command's signal is aborted. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';

  constructor(readonly exitCode: number) {
    super('interrupted');
  }
}

/**
 * Runs a command of this repository. Its signal is aborted when the process is asked to end, or
 * when its parent process has died. The command then ends what it has started. A second request, half a second
 * later or more, ends the process at once.
 *
 * @param endsAtOnce the first request ends the process: the command has nothing to end, and must do nothing more
 */
export function runCommand(
  main: (signal: AbortSignal) => Promise<number>,
  { endsAtOnce = false }: { readonly endsAtOnce?: boolean } = {},
): void {
  const controller = new AbortController();
  let firstAt = 0;
  const interrupt = (code: number) => {
    if (endsAtOnce) process.exit(code);
    if (!controller.signal.aborted) {
      firstAt = performance.now();
      controller.abort(new Interrupted(code));
    } else if (performance.now() - firstAt >= ONE_KEY) process.exit(code);
  };
  for (const [name, code] of Object.entries(EXIT_CODES)) process.on(name, () => interrupt(code));
  // A reader that has seen enough, such as `head`, closes the pipe.
  process.stdout.on('error', (thrown: NodeJS.ErrnoException) => {
    if (thrown.code !== 'EPIPE') throw thrown;
    process.exit(EXIT_CODE_OF_SIGPIPE);
  });
  const parent = process.ppid;
  const watching = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watching);
    interrupt(EXIT_CODES.SIGHUP);
  }, 500).unref();
  main(controller.signal)
    .catch((thrown: unknown) => {
      const reason: unknown = controller.signal.aborted ? controller.signal.reason : thrown;
      if (reason instanceof Interrupted) return reason.exitCode;
      console.error(printable(reason instanceof Error ? reason.message : String(reason)));
      return 1;
    })
    .then((code) => {
      clearInterval(watching);
      process.exitCode = code;
    });
}

/**
 * Asks a person at the terminal.
 *
 * @returns an empty answer when the input ends or Ctrl-C is pressed: readline answers its question with nothing then, and Node would
 * end with exit code 0
 */
export async function answerTo(
  question: string,
  { stdin, stdout }: { readonly stdin: NodeJS.ReadableStream; readonly stdout: NodeJS.WritableStream },
): Promise<string> {
  const terminal = createInterface({ input: stdin, output: stdout });
  try {
    return await new Promise((answer) => {
      terminal.once('close', () => answer(''));
      terminal.question(question, answer);
    });
  } finally {
    terminal.close();
  }
}
