/**
 * Comments; what is in quotes of any kind; what opens, closes and ends; psql's commands; words.
 * "Lexical Structure" (PostgreSQL).
 */
const TOKEN =
  /--.*|\/\*[\s\S]*?\*\/|\b[eE]'(?:\\[\s\S]|''|[^'\\])*'|'(?:''|[^'])*'|"(?:""|[^"])*"|(\$(?:[a-z_]\w*)?\$)[\s\S]*?\1|[();]|\\\S*|[a-z_][\w$]*/gi;
const IS_WORD = /^[a-z_\\]/i;
const IS_IN_QUOTES = /^e'/i;
/** Of a routine whose body is SQL, and not a text: its semicolons end no statement ("CREATE FUNCTION", `sql_body`). */
const ROUTINE = /^CREATE (?:OR REPLACE )?(?:FUNCTION|PROCEDURE)\b/;

export interface Statement {
  readonly text: string;
  /** Its words in capital letters, without comments and without what is in quotes, each after a space. */
  readonly words: string;
}

/** How many levels deeper a word leads, as psql counts them. */
function step(word: string, words: string, depth: number): number {
  if (word === '(') return 1;
  if (word === ')') return -1;
  if (!ROUTINE.test(words)) return 0;
  if (word === 'BEGIN' || (word === 'CASE' && depth > 0)) return 1;
  return word === 'END' && depth > 0 ? -1 : 0;
}

/** The statements of a file of SQL, as psql takes them apart: those without a word are left out. */
export function statementsOf(sql: string): readonly Statement[] {
  const statements: Statement[] = [];
  let [from, depth, words] = [0, 0, ''];
  const end = (at: number) => {
    if (words) statements.push({ text: sql.slice(from, at).trim(), words });
    [from, depth, words] = [at + 1, 0, ''];
  };
  for (const { 0: token, index } of sql.matchAll(TOKEN)) {
    if (token === ';' && depth === 0) end(index);
    const word = token.toUpperCase();
    depth += step(word, words, depth);
    if (IS_WORD.test(token) && !IS_IN_QUOTES.test(token)) words = words ? `${words} ${word}` : word;
  }
  end(sql.length);
  return statements;
}
