const { rmSync } = require('node:fs');

/** Ends what synthesize-stages.js has begun. */
module.exports = () => {
  // Nothing where it has ended by itself.
  globalThis.synthesis.kill();
  // It may write a last file meanwhile.
  rmSync(process.env.STAGE_TEMPLATES, { recursive: true, force: true, maxRetries: 5 });
};
