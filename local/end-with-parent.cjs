/**
 * Preloaded into a process that must not outlive the one that started it: its standard input is a pipe that only its
 * parent holds, and ends with the parent, whatever ends that one.
 */
process.stdin.on('end', () => process.kill(process.pid, 'SIGTERM')).resume();
process.stdin.unref();
