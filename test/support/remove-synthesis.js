const { rmSync } = require('node:fs');

/** Ends what synthesize-stages.js has begun. */
module.exports = () => {
  try {
    process.kill(Number(process.env.STAGE_SYNTHESIS));
  } catch {
    // It has ended by itself.
  }
  // It may write a last file meanwhile.
  rmSync(process.env.STAGE_TEMPLATES, { recursive: true, force: true, maxRetries: 5 });
};
