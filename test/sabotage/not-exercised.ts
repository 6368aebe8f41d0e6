/**
 * Checks of the catalogue for which the emulator allows no attack technique, each with the reason.
 */
export const NOT_EXERCISED: Readonly<Record<string, string>> = {
  'stacks.status': 'nothing reverts a stack whose update has failed for good',
  'probes.database-expired-token': 'AWS alone decides for how long a token is good',
};
