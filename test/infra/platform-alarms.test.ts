import { STAGES } from '../../infra/config/stages';
import { resourcesOf, stageTemplates } from '../support/stage-templates';

describe.each(STAGES)('D10: the alarms of stage %s', (stage) => {
  const { all } = stageTemplates(stage);
  const alarms = all.flatMap((template) => resourcesOf(template, 'AWS::CloudWatch::Alarm'));
  const notifying = alarms.filter(([, { Properties }]) => Properties.AlarmActions);

  test('are silent on a new stage, whose metrics have reported nothing yet', () => {
    expect(notifying.length).toBeGreaterThan(10);
    const ringing = notifying.filter(([, { Properties }]) => Properties.TreatMissingData === 'breaching');
    expect(ringing.map(([id]) => id)).toEqual([]);
  });

  test('tell when what must always report stops reporting', () => {
    const stopping = notifying.filter(([, { Properties }]) => Properties.TreatMissingData === 'missing');
    expect(stopping.length).toBeGreaterThan(0);
    for (const [id, { Properties }] of stopping)
      expect([id, Properties.InsufficientDataActions]).toEqual([id, Properties.AlarmActions]);
  });

  test('tell their end only where somebody waits for it', () => {
    const told = notifying.filter(([, { Properties }]) => Properties.OKActions).map(([id]) => id);
    expect(told.filter((id) => !id.includes('CellErrors'))).toEqual([]);
    expect(told.length).toBeGreaterThan(0);
  });
});
