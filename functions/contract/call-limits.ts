/** AWS clients try a call so often, and wait so long for each answer. */
export const MAX_ATTEMPTS = 3;
export const REQUEST_TIMEOUT_MS = 8_000;

/**
 * For AskDatabase: its logins are tried side by side and end after 5 s each, then it asks some questions, of which
 * none takes longer than 5 s.
 */
export const ASK_DATABASE_SECONDS = 30;
