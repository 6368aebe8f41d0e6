import { destination } from 'pino';

const EVERY_MS = 200;
const TOGETHER_BYTES = 4_096;
const STDOUT = 1;

/**
 * Where log lines go: to standard output, some together. One write each would make every request wait for the one that reads
 * them. What is left is written when the process ends, by itself or by an error; one that is killed loses the lines of the
 * last `EVERY_MS` at most.
 */
export const logLines = (fd = STDOUT) =>
  destination({ dest: fd, sync: false, minLength: TOGETHER_BYTES, periodicFlush: EVERY_MS });
