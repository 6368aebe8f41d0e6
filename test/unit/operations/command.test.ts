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

  test('ends at once when it takes no signal: it does nothing more', () => {
    runCommand(() => never());
    expect(() => process.emit('SIGINT')).toThrow('exit 130');
  });

  test('ends what it has started first, and at once when it is asked again', () => {
    let given: AbortSignal | undefined;
    runCommand((signal) => {
      given = signal;
      return never();
    });
    process.emit('SIGINT');
    expect(given?.aborted).toBe(true);
    expect(() => process.emit('SIGINT')).toThrow('exit 130');
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
