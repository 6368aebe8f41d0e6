const { spawn } = require('node:child_process');
const { join } = require('node:path');

const ROOT = join(__dirname, '../..');

/**
 * Begins, once before the integration tests, to install the emulator and to record the deployment where that is still to
 * do. Otherwise the first files would each do it, side by side. Other tests run meanwhile;
 * await-deployment.js lets the integration tests wait.
 */
module.exports = () => {
  const recorder = spawn(process.execPath, ['--import', 'tsx', 'test/support/record.ts'], {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  process.env.DEPLOYMENT_RECORDER = String(recorder.pid);
};
