const { existsSync } = require('node:fs');
const { join } = require('node:path');
const { setTimeout: pause } = require('node:timers/promises');

/** Written by record-deployment.js. */
const ENDED = join(process.env.DEPLOYMENT_RECORDER, 'ended');

// For a test that hangs: how long one takes depends on what else the machine does, and a test waits for what it needs
// (`eventually`), each time for two minutes at most.
jest.setTimeout(300_000);

beforeAll(async () => {
  while (!existsSync(ENDED)) await pause(50);
});
