const { setTimeout: pause } = require('node:timers/promises');

/** Whether the process of record-deployment.js still works. */
function isRecording() {
  try {
    return process.kill(Number(process.env.DEPLOYMENT_RECORDER), 0);
  } catch {
    return false;
  }
}

beforeAll(async () => {
  while (isRecording()) await pause(50);
}, 300_000);
