const { setTimeout: pause } = require('node:timers/promises');

/** Whether the process of record-deployment.js still works. */
function isRecording() {
  try {
    return process.kill(Number(process.env.DEPLOYMENT_RECORDER), 0);
  } catch {
    return false;
  }
}

// For a test that hangs: how long one takes depends on what else the machine does, and a test waits for what it needs
// (`eventually`), each time for two minutes at most.
jest.setTimeout(300_000);

beforeAll(async () => {
  while (isRecording()) await pause(50);
});
