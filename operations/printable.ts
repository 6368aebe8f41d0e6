/** Control characters but line breaks and tabs, and characters that change the direction of text. */
const STEERING = /(?![\n\t])\p{Cc}|[\u202a-\u202e\u2066-\u2069]/gu;
/** "Select Graphic Rendition" (ECMA-48): colours, also our own. They end with the text. */
const COLOURS = new RegExp(`(${'\u001b'}\\[[\\d;]*m)`);

/**
 * Text for a terminal. A signup, a reason of AWS or the words with which somebody stopped a run may contain anything, such as
 * characters that clear the terminal or write into its title.
 */
export const printable = (text: string): string =>
  text
    .split(COLOURS)
    .map((part, index) => (index % 2 === 1 ? part : part.replace(STEERING, '\ufffd')))
    .join('');
