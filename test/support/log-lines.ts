export type LogLine = Readonly<Record<string, unknown>> & { readonly message: string };

/** Takes what the functions log from now on off the terminal and into the list it returns; until mocks are restored. */
export function logLines(): LogLine[] {
  const lines: LogLine[] = [];
  for (const stream of [process.stdout, process.stderr])
    jest.spyOn(stream, 'write').mockImplementation((text) => {
      for (const line of String(text).split('\n')) if (line.startsWith('{')) lines.push(JSON.parse(line));
      return true;
    });
  return lines;
}
