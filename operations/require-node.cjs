/**
 * Ends a command at once, in one line, where Node is older than package.json asks for. Otherwise the first package that is
 * an ES module alone ends it, in words that help nobody. `npm ci --ignore-scripts` leads there: it does not install the Node
 * that the packages bring, and runs no `preinstall` that could say so. Every version of Node can read this file.
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
