/** Checks of the catalogue that no sabotage can be made for on the emulator, each with the reason. */
export const NOT_EXERCISED: Readonly<Record<string, string>> = {};
