import { pastVersions } from '../../../infra/past-versions';

const DAY = 86_400_000;
const NOW = new Date('2026-06-30T12:00:00.000Z');
const version = (Version: string, daysAgo: number) => ({
  Version,
  LastModified: new Date(NOW.getTime() - daysAgo * DAY).toISOString(),
});
const past = (...versions: ReturnType<typeof version>[]) =>
  pastVersions([version('$LATEST', 0), ...versions], NOW).map(({ Version }) => Version);

describe('D2: versions of a function', () => {
  test('are kept as long as a run that began with them can be redriven', () => {
    expect(past(version('1', 300), version('2', 14))).toEqual([]);
    expect(past(version('1', 300), version('2', 29))).toEqual([]);
  });

  test('are deleted when their successor is more than 30 days old', () => {
    expect(past(version('1', 300), version('2', 200), version('10', 31))).toEqual(['1', '2']);
  });

  test('are kept however old, when they are the newest', () => {
    expect(past(version('7', 900))).toEqual([]);
  });
});
