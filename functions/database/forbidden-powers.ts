/** What no role of the application may do in its database, in the words of a report. */
export const FORBIDDEN_POWERS = [
  'make a table',
  'make a table in the schema public',
  'make a temporary table',
  'make a schema',
  'make a function',
  'make a publication',
  'make a role',
  'become the owner',
  'become the master user',
  'take the master user’s session',
  'read passwords',
  'read a file of the server',
  'run a program on the server',
] as const;
export type ForbiddenPower = (typeof FORBIDDEN_POWERS)[number];
