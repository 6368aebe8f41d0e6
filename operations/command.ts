import { printable } from './printable';

const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
const EXIT_CODE_OF_SIGPIPE = 141;

/** The reason with which a command's signal is aborted. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';

  constructor(readonly exitCode: number) {
    super('interrupted');
  }
}

/**
 * Runs a command of this repository. Its signal is aborted when the process is asked to end, or
 * when its parent process has died. The command then ends what it has started. A second request
 * ends the process at once.
 */
export function runCommand(main: (signal: AbortSignal) => Promise<number>): void {
  const controller = new AbortController();
  for (const [name, code] of Object.entries(EXIT_CODES)) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(code);
      controller.abort(new Interrupted(code));
    });
  }
  // A reader that has seen enough, such as `head`, closes the pipe.
  process.stdout.on('error', (thrown: NodeJS.ErrnoException) => {
    if (thrown.code !== 'EPIPE') throw thrown;
    process.exit(EXIT_CODE_OF_SIGPIPE);
  });
  const parent = process.ppid;
  const watching = setInterval(() => {
    if (process.ppid !== parent) controller.abort(new Interrupted(EXIT_CODES.SIGHUP));
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
