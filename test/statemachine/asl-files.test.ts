import { isAlias, isMap, type Node, parseDocument, visit, type YAMLMap } from 'yaml';
import { WORKFLOWS } from '../../functions/contract/workflows';
import { aslJson, aslSource } from '../../infra/asl-file';

const documentOf = (file: string) => parseDocument(aslSource({ file }), { merge: true });
type Document = ReturnType<typeof documentOf>;

function nodesOf(document: Document): Node[] {
  const nodes: Node[] = [];
  visit(document, { Node: (_, node) => void nodes.push(node) });
  return nodes;
}

const anchorsOf = (document: Document) =>
  nodesOf(document).flatMap((node) => (!isAlias(node) && node.anchor ? [{ name: node.anchor, node }] : []));

const plain = (document: Document, node: Node): object => Object(node.toJS(document, { maxAliasCount: -1 }));

const RETRYING = ['ErrorEquals', 'IntervalSeconds', 'MaxAttempts'];

/** Retriers that are written out, not named by an alias. A merge key may give them some keys. */
function retriersOf(document: Document): YAMLMap[] {
  const maps = nodesOf(document).filter((node) => isMap(node));
  return maps
    .filter((map) => RETRYING.some((key) => map.has(key)))
    .filter((map) => RETRYING.every((key) => key in plain(document, map)));
}

describe.each(WORKFLOWS.map(({ file }) => file))('%s', (file) => {
  const document = documentOf(file);

  test('is YAML without errors and warnings', () => {
    expect([...document.errors, ...document.warnings]).toEqual([]);
  });

  test('uses every anchor that it defines', () => {
    const used = new Set(nodesOf(document).flatMap((node) => (isAlias(node) ? [node.source] : [])));
    const anchors = anchorsOf(document).map(({ name }) => name);
    expect(anchors.length).toBeGreaterThan(0);
    expect(anchors.filter((name) => !used.has(name))).toEqual([]);
    expect(new Set(anchors).size).toBe(anchors.length);
  });

  test('repeats no retrier, and has none inside a state', () => {
    const retriers = retriersOf(document);
    const values = retriers.map((map) => JSON.stringify(Object.entries(plain(document, map)).sort()));
    expect(retriers.length).toBeGreaterThan(1);
    expect(values.filter((value, index) => values.indexOf(value) !== index)).toEqual([]);
    const shared = document.get('x-retriers');
    if (!isMap(shared)) throw new Error('x-retriers is no map');
    const elsewhere = retriers.filter((map) => !shared.items.some(({ value }) => value === map));
    expect(elsewhere.map(String)).toEqual([]);
  });

  test('has no trace of YAML in the JSON that AWS gets', () => {
    const keys = Object.keys(JSON.parse(aslJson({ file })));
    expect(keys).toEqual(expect.arrayContaining(['StartAt', 'States', 'QueryLanguage', 'TimeoutSeconds']));
    expect(aslJson({ file })).not.toMatch(/"(?:x-[^"]*|<<)":/);
  });
});

/** YAML has no anchors across files. */
test('retriers with the same name are equal in every file', () => {
  const named = WORKFLOWS.map(({ file }) => {
    const document = documentOf(file);
    return retriersOf(document).map((map) => [map.anchor ?? '', plain(document, map)] as const);
  });
  const first = Object.fromEntries(named.flat().toReversed());
  for (const retriers of named)
    for (const [name, retrier] of retriers) expect([name, retrier]).toEqual([name, first[name]]);
  expect(named.flat().length).toBeGreaterThan(Object.keys(first).length);
});
