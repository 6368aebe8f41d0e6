import type { CloudTrailClient, LookupEventsCommand } from '@aws-sdk/client-cloudtrail';
import { SURROUNDINGS_CHECKS } from '../../../functions/isolation/surroundings/checks';
import { permissionsAdded } from '../../../functions/isolation/surroundings/permissions-added';
import { healthySurroundings, surroundings, surroundingsFrom } from '../../support/healthy-surroundings';

const added = (requestParameters: object | null, more: object = {}) => ({
  CloudTrailEvent: JSON.stringify({ eventName: 'AddPermission20150331v2', requestParameters, ...more }),
});

function historyOf(...pages: readonly object[][]) {
  const asked: (string | undefined)[] = [];
  const send = async ({ input }: LookupEventsCommand) => {
    asked.push([input.LookupAttributes?.[0]?.AttributeValue, input.NextToken].filter(Boolean).join(' '));
    const page = Number(input.NextToken ?? 0);
    return { Events: pages[page], ...(page + 1 < pages.length && { NextToken: String(page + 1) }) };
  };
  return { asked, client: { send } as unknown as CloudTrailClient };
}

test('a function is known by its name, its ARN, and with a qualifier in either', async () => {
  const arn = 'arn:aws:lambda:eu-central-1:111122223333:function';
  const { client } = historyOf([
    added({ functionName: 'f', principal: '*', action: 'lambda:InvokeFunction' }),
    added({ functionName: 'f', qualifier: '7' }),
    added({ functionName: `${arn}:f` }),
    added({ functionName: `${arn}:f:live` }),
    added({ functionName: '111122223333:function:f' }),
    added({ functionName: 'f:live' }),
  ]);
  expect(await permissionsAdded(client)).toEqual([
    { name: 'f', qualifier: undefined, permission: { principal: '*', action: 'lambda:InvokeFunction' } },
    { name: 'f', qualifier: '7', permission: {} },
    { name: 'f', qualifier: undefined, permission: {} },
    { name: 'f', qualifier: 'live', permission: {} },
    { name: 'f', qualifier: undefined, permission: {} },
    { name: 'f', qualifier: 'live', permission: {} },
  ]);
});

test('all pages are read; a call that was refused has added nothing', async () => {
  const { client, asked } = historyOf(
    [added({ functionName: 'a' }, { errorCode: 'AccessDenied' })],
    [added(null), added({ functionName: 'b' })],
  );
  expect(await permissionsAdded(client)).toEqual([{ name: 'b', qualifier: undefined, permission: {} }]);
  expect(asked).toEqual(['AddPermission20150331v2', 'AddPermission20150331v2 1']);
});

test('a policy is read when somebody has added what no template permits, and only then', async () => {
  const data = healthySurroundings();
  const [rule, name] = ['arn:rule', 'TenantOnboarding-ControlPlane-DeleteStack'];
  const permission = { Action: 'lambda:InvokeFunction', Principal: 'events.amazonaws.com', SourceArn: rule };
  data.stacks.controlPlane.push({
    ...{ id: 'p', type: 'AWS::Lambda::Permission', physicalId: 'p' },
    properties: { ...permission, FunctionName: name },
  });
  const made = { action: 'lambda:InvokeFunction', principal: 'events.amazonaws.com', sourceArn: rule };
  const asked = async (...additions: { name?: string; qualifier?: string; permission: object }[]) => {
    const facts = surroundingsFrom(data);
    const read: string[] = [];
    const policies = {
      ...facts.policies,
      permissionsAdded: async () => additions.map((addition) => ({ name, ...addition })),
      ofFunction: async (...place: (string | undefined)[]) => {
        read.push(place.filter(Boolean).join(':').replace('TenantOnboarding-ControlPlane-', ''));
        return [];
      },
    };
    const check = SURROUNDINGS_CHECKS.find(({ id }) => id === 'platform.permissions');
    await check?.run(surroundings, { ...facts, policies });
    return read.filter((each) => each.startsWith('DeleteStack') || each === 'strange');
  };
  expect(await asked({ permission: made })).toEqual([]);
  expect(await asked({ name: 'strange', permission: { principal: '*' } })).toEqual([]);
  expect(await asked({ permission: { ...made, sourceArn: undefined } })).toEqual(['DeleteStack']);
  const ofVersion = { qualifier: '7', permission: made };
  expect(await asked(ofVersion, ofVersion)).toEqual(['DeleteStack:7']);
});
