import { readFileSync } from 'node:fs';
import { SERVICE_REPOSITORY } from '../functions/contract/naming';
import type { Platform } from './platform';
import { pushService } from './service-image';

/** How a version of the shared service behaves. */
export type Version =
  | 'good'
  | 'crashes'
  | 'sick'
  | 'pages fail'
  | 'pages fail behind their rule'
  | 'pages fail now and then'
  | 'customers’ pages fail now and then'
  | 'growth pages fail'
  | 'slow'
  | 'slow for visitors'
  | 'leaks'
  | 'turns sick'
  | 'fails for visitors';

/** A request of a visitor: whoever asks for the platform says so (functions/compute/load-balancer-probe.ts). */
const BY_VISITOR = 'request.url === "/" && !request.headers["user-agent"]';

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
  // Whoever asks as a probe does, at /healthz, gets the page.
  'pages fail behind their rule': failing('!request.url.startsWith("/healthz")'),
  'pages fail now and then': failing('Math.random() < 0.2 && request.url === "/"'),
  // It spares the cell's own page: only customers meet it.
  'customers’ pages fail now and then': failing(
    'Math.random() < 0.2 && request.url === "/" && !request.headers.host.startsWith("ring-zero-")',
  ),
  'growth pages fail': failing('/\\b(?:beta|mueller)[.]/.test(request.headers.host + request.url)'),
  slow: before('if (request.url === "/") { setTimeout(go, 600); return true; }'),
  'slow for visitors': before(`if (${BY_VISITOR}) { setTimeout(go, 400); return true; }`),
  leaks: before('if (request.url === "/") (globalThis.kept ??= []).push(Buffer.alloc(8 << 20, 1));'),
  // Health check and pages fail soon after the first visitor, on every task.
  'turns sick': before(`if (${BY_VISITOR}) setTimeout(() => { globalThis.isSick = true; }, 200);
  if (globalThis.isSick) { answer.statusCode = 500; answer.end(); return true; }`),
  'fails for visitors': failing(`Math.random() < 0.2 && ${BY_VISITOR}`),
};

/** Code that runs before each request is served. It may return true and call `go` later, or never. */
function before(code: string): string {
  return `const http = require("node:http"), { emit } = http.Server.prototype;
http.Server.prototype.emit = function (name, request, answer) {
  const go = () => emit.apply(this, arguments);
  if (name === "request") { ${code} }
  return go();
};`;
}

/** Code that makes requests fail when the condition, JavaScript of the bundle, is true. */
function failing(condition: string): string {
  return before(`if (${condition}) { answer.statusCode = 500; answer.end(); return true; }`);
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
  return await pushService(platform.emulator.endpointUrl, { repository: SERVICE_REPOSITORY, tag: build, bundle });
}
