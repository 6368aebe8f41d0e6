import { failureReport, failureText } from '../../../functions/contract/failure-report';
import { concludeFailure } from '../../../functions/outcome/conclude-failure';
import { anExecution } from '../../support/builders';

const conclude = (error: string, concludedAtRedrive: number, redriveCount: number) => {
  const failure = { step: 'ProvisionStacks', error, reason: 'AWS::RDS::DBInstance Primary: no capacity' };
  const report = failureReport({ executionArn: anExecution(), failure, outcome: 'rolled-back' });
  const done = concludeFailure.run({}, { executionArn: anExecution(), report, concludedAtRedrive, redriveCount });
  return { report, done };
};

describe('ConcludeFailure', () => {
  it.each(['StackFailed', 'TransientThrottling', 'Lambda.Unknown'])(
    'fails the run under the name %s, with the whole report as its cause',
    async (error) => {
      const { report, done } = conclude(error, 0, 0);
      await expect(done).rejects.toMatchObject({ name: error, message: failureText(report) });
      expect(failureText(report)).toContain('ProvisionStacks: AWS::RDS::DBInstance Primary: no capacity');
    },
  );

  it.each([
    [0, 1],
    [2, 3],
    [0, 5],
  ])('returns to the start when it was concluded at redrive %d and is redriven as %d', async (concluded, count) => {
    await expect(conclude('StackFailed', concluded, count).done).resolves.toEqual({ startOver: true });
  });

  it('fails a redriven rollback that was reached by the failure path, not by its own redrive', async () => {
    await expect(conclude('SlotOccupied', 1, 1).done).rejects.toMatchObject({ name: 'SlotOccupied' });
  });
});
