const { rmSync } = require('node:fs');

/** Removes what record-deployment.js has made. */
module.exports = () => rmSync(process.env.DEPLOYMENT_RECORDER, { recursive: true, force: true });
