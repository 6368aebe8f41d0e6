/** A file of SQL, which the bundler puts in as text. */
declare module '*.sql' {
  const text: string;
  export default text;
}
