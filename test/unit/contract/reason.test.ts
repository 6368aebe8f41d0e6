import { ReasonSchema } from '../../../functions/contract/reason';
import { REASON_MAX_LENGTH } from '../../../functions/contract/tenant';

test.each([
  'the customer asked',
  'first line\nsecond line\twith a tab',
  'пауза — до завтра',
  'x'.repeat(REASON_MAX_LENGTH),
])('takes a reason: %p', (reason) => expect(ReasonSchema.parse(reason)).toBe(reason));

test.each([
  ['blanks', ' \n '],
  ['what clears the next operator’s terminal', 'done\u001b[2J'],
  ['the same in one character', 'done\u009b2J'],
  ['NUL', 'a\u0000'],
  ['what turns the text around it', 'by \u202erotarepo'],
  ['too much', 'x'.repeat(REASON_MAX_LENGTH + 1)],
])('refuses %s', (_, reason) => expect(ReasonSchema.safeParse(reason).success).toBe(false));
