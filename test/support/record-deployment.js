const { spawn } = require('node:child_process');
const { mkdtempSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

const ROOT = join(__dirname, '../..');

/**
 * Begins, once before the integration tests, to install the emulator and to record the deployment where that is still to
 * do. Otherwise the first files would each do it, side by side. Other tests run meanwhile;
 * await-deployment.js lets the integration tests wait for the file that says the end, forget-recorder.js removes it. The
 * id of a process that has ended may be another one's soon.
 */
module.exports = () => {
  const folder = mkdtempSync(join(tmpdir(), 'deployment-recorder-'));
  const recorder = spawn(process.execPath, ['--import', 'tsx', 'test/support/record.ts'], {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  recorder.once('exit', () => writeFileSync(join(folder, 'ended'), ''));
  process.env.DEPLOYMENT_RECORDER = folder;
};
