const { execFileSync } = require('node:child_process');
const { join } = require('node:path');

const ROOT = join(__dirname, '../..');

/**
 * Runs once before the integration tests: installs the emulator and records the deployment where that is still to do.
 * Otherwise the first files would each do it, side by side, and one would wait for another.
 */
module.exports = () => {
  execFileSync(process.execPath, ['--import', 'tsx', 'local/record.ts'], {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
};
