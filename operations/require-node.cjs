/**
 * Ends a command with one line when Node is older than package.json requires. Otherwise the first
 * package that is only an ES module would end it, with an error that does not help. This happens
 * after `npm ci --ignore-scripts`, which does not install the Node of the packages and runs no
 * `preinstall`. Every version of Node can read this file.
 */
const { engines } = require('../package.json');

const wanted = Number(engines.node.replace(/\D/g, ''));
if (Number(process.versions.node.split('.')[0]) < wanted) {
  console.error(
    `Node ${wanted} or newer is needed, and this is Node ${process.versions.node} (${process.execPath}): install a newer one, ` +
      'or run `npm ci` without --ignore-scripts, which brings its own.',
  );
  process.exit(1);
}
