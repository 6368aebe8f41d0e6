/**
 * Checks of the catalogue for which the emulator allows no attack technique, each with the reason.
 */
export const NOT_EXERCISED: Readonly<Record<string, string>> = {};
