import { execFile } from 'node:child_process';
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type BuiltBundle, buildFunctions, FUNCTIONS_DIRECTORY, LAYER_MODULES } from '../../infra/function-bundles';
import { refusing } from '../../infra/no-json-schemas';
import { withLiteralKeys } from '../../infra/small-schemas';

const run = promisify(execFile);
const NODE = join(__dirname, '../../node_modules/.bin/node');
const LIMIT_KB = 500;
/** Of a function and all that it loads. */
const LOADED_KB = 1_210;
/**
 * They are started once a day. AuditSurroundings brings clients that no other function has, one of them built on an SDK of its own;
 * AuditTenant asks about alarms, too.
 */
const STARTED_DAILY: Readonly<Record<string, number>> = { AuditSurroundings: 1_450, AuditTenant: 1_300 };

describe('the bundles', () => {
  let bundles: BuiltBundle[] = [];
  beforeAll(async () => {
    bundles = await buildFunctions();
  }, 300_000);

  test('are small enough for a fast start, with what they load from the layer', () => {
    expect(bundles.length).toBeGreaterThan(12);
    expect(bundles.filter(({ bytes }) => bytes >= LIMIT_KB * 1000)).toEqual([]);
    const large = bundles.filter(
      ({ name, bytes, layerBytes }) => bytes + layerBytes >= (STARTED_DAILY[name] ?? LOADED_KB) * 1000,
    );
    expect(large).toEqual([]);
  });

  test('ask Node for its modules by require, which evaluates nothing that is not used', () => {
    const files = [FUNCTIONS_DIRECTORY, LAYER_MODULES].flatMap((cwd) =>
      globSync('**/*.js', { cwd }).map((file) => join(cwd, file)),
    );
    expect(files.length).toBeGreaterThan(bundles.length);
    expect(files.filter((file) => readFileSync(file, 'utf8').includes('import('))).toEqual([]);
  });

  test('D11: load only from the layer and from Node itself, no client of Lambda’s runtime', async () => {
    // Outside the repository: its node_modules would answer for what is missing, as Lambda's runtime would.
    const elsewhere = mkdtempSync(join(tmpdir(), 'bundles-'));
    try {
      cpSync(FUNCTIONS_DIRECTORY, join(elsewhere, 'functions'), { recursive: true });
      cpSync(LAYER_MODULES, join(elsewhere, 'layer'), { recursive: true });
      const files = bundles.map(({ name }) => join(elsewhere, 'functions', name, 'index.js'));
      const ask = 'console.log(process.argv.slice(1).map((file) => typeof require(file).handler).join())';
      const { stdout } = await run(NODE, ['-e', ask, ...files], {
        cwd: elsewhere,
        env: { NODE_PATH: join(elsewhere, 'layer'), AWS_REGION: 'eu-central-1' },
      });
      expect(stdout.trim().split(',')).toEqual(files.map(() => 'function'));
    } finally {
      rmSync(elsewhere, { recursive: true });
    }
  });
});

test('schema keys are written out only where they are needed as text', () => {
  const source = 'const _xN = "xmlName";\nvar A$ = [3, { [_xN]: _F, [_other]: 1 }];';
  expect(withLiteralKeys(source)).toBe('const _xN = "xmlName";\nvar A$ = [3, { "xmlName": _F, [_other]: 1 }];');
});

test('a module that is left out keeps its exports, which throw when they are called', () => {
  const source = 'export function toJSONSchema(schema) {\n}\nexport const createToJSONSchemaMethod = (schema) => 1;';
  const [refuse, make, ...exported] = refusing(source).split('\n');
  expect(refuse).toContain('throw new Error');
  expect(make).toContain('=> refuse;');
  expect(exported).toEqual(['export { refuse as toJSONSchema };', 'export { make as createToJSONSchemaMethod };']);
});
