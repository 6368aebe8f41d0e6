import { SURROUNDINGS_CHECKS } from '../../../functions/isolation/surroundings/checks';
import { askSpoilt, ROOMS } from '../../support/surroundings-tests';

const ids = SURROUNDINGS_CHECKS.map(({ id }) => id);

test.each(ids)('%s passes healthy surroundings, with evidence', async (id) => {
  expect(await askSpoilt(id)).toEqual({ passed: true, evidence: expect.stringMatching(/\S/) });
});

test.each(ids)('%s has its breaches in one file', (id) => {
  expect(Object.values(ROOMS).filter((room) => room.test(id))).toHaveLength(1);
});
