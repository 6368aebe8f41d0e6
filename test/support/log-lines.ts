import { logger } from '../../functions/shared/logger';

export type LogLine = Readonly<Record<string, unknown>> & { readonly message: string };

/** Makes the functions log, off the terminal and into the list it returns; until mocks are restored. */
export function logLines(): LogLine[] {
  const lines: LogLine[] = [];
  logger.setLogLevel('INFO');
  // With each invocation it would set the level back to that of silent-logger.ts.
  jest.spyOn(logger, 'refreshSampleRateCalculation').mockReturnValue();
  for (const stream of [process.stdout, process.stderr])
    jest.spyOn(stream, 'write').mockImplementation((text) => {
      for (const line of String(text).split('\n')) if (line.startsWith('{')) lines.push(JSON.parse(line));
      return true;
    });
  return lines;
}
