const { spawn } = require('node:child_process');
const { mkdtempSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

const ROOT = join(__dirname, '../..');

/**
 * Begins, once before the tests of infra, to synthesize all stages. Otherwise a dozen files would each do it. The tests
 * wait for the stage that they ask for (stage-templates.ts); remove-synthesis.js ends it.
 */
module.exports = () => {
  const folder = mkdtempSync(join(tmpdir(), 'stage-templates-'));
  const synthesis = spawn(process.execPath, ['--import', 'tsx', 'test/support/write-stage-templates.ts', folder], {
    cwd: ROOT,
    // The rules take five seconds to load: other syntheses go without (jest.config.js).
    env: { ...process.env, CDK_VALIDATION: 'true' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  process.env.STAGE_TEMPLATES = folder;
  // In the process of remove-synthesis.js.
  globalThis.synthesis = synthesis;
};
