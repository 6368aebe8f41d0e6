import { PassThrough } from 'node:stream';
import { answerTo, runCommand } from '../../../operations/command';

const never = () => new Promise<number>(() => {});

describe('a command that is interrupted', () => {
  const exit = jest.spyOn(process, 'exit').mockImplementation((code) => {
    throw new Error(`exit ${code}`);
  });
  afterEach(() => {
    process.removeAllListeners('SIGINT');
  });
  afterAll(() => exit.mockRestore());

  test('ends at once when it has nothing to end: it does nothing more', () => {
    runCommand(never, { endsAtOnce: true });
    expect(() => process.emit('SIGINT')).toThrow('exit 130');
  });

  test('ends what it has started first, by one Ctrl-C that npm passes on once more, and at once when it is asked again', () => {
    const now = jest.spyOn(performance, 'now').mockReturnValue(1000);
    let given: AbortSignal | undefined;
    runCommand((signal) => {
      given = signal;
      return never();
    });
    process.emit('SIGINT');
    expect(given?.aborted).toBe(true);
    now.mockReturnValue(1001);
    expect(() => process.emit('SIGINT')).not.toThrow();
    now.mockReturnValue(1500);
    expect(() => process.emit('SIGINT')).toThrow('exit 130');
    now.mockRestore();
  });
});

test.each([
  ['local\n', 'local'],
  ['\n', ''],
  ['', ''],
])('the answer %j of a person is %j, also when the input ends without one', async (typed, answer) => {
  const stdin = new PassThrough();
  stdin.end(typed);
  expect(await answerTo('Name the stage: ', { stdin, stdout: new PassThrough() })).toBe(answer);
});
