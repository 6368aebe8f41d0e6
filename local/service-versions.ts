import { readFileSync } from 'node:fs';
import { pushImage } from '../emulator/image-registry';
import { SERVICE_REPOSITORY } from '../functions/contract/naming';
import type { Platform } from './platform';

/** How a version of the shared service behaves. */
export type Version = 'good' | 'crashes' | 'sick' | 'pages fail' | 'pages fail now and then' | 'growth pages fail';

/**
 * Code before the bundle. In a good version only the first line differs, so that its digest is
 * another.
 */
const FIRST_LINES: Readonly<Record<Version, string>> = {
  good: '',
  crashes: 'console.error("cannot find module"); process.exit(1);',
  sick: 'require("node:http").createServer((_, a) => { a.statusCode = 500; a.end(); }).listen(process.env.PORT, process.env.HOST); return;',
  // A wrong name of the routes' table: the health check passes, and no page is found.
  'pages fail': 'process.env.TABLE_NAME = "no-such-table";',
  'pages fail now and then': failing('Math.random() < 0.2 && request.url === "/"'),
  'growth pages fail': failing('/\\b(?:beta|mueller)[.]/.test(request.headers.host + request.url)'),
};

/** Code that makes requests fail when the condition, JavaScript of the bundle, is true. */
function failing(condition: string): string {
  return `const http = require("node:http"), { emit } = http.Server.prototype;
http.Server.prototype.emit = function (name, request, answer) {
  if (name === "request" && (${condition})) { answer.statusCode = 500; answer.end(); return true; }
  return emit.apply(this, arguments);
};`;
}

/**
 * Pushes a version of the shared service to the platform's repository, as a pipeline would.
 *
 * @param build distinguishes two versions of one kind
 * @returns the digest of the image
 */
export async function pushVersion(platform: Platform, version: Version, build: string): Promise<string> {
  const service = readFileSync(platform.serviceBundle, 'utf8');
  const bundle = Buffer.from(`// build ${build}\n${FIRST_LINES[version]}\n${service}`);
  return await pushImage(platform.emulator.endpointUrl, { repository: SERVICE_REPOSITORY, tag: build, bundle });
}
