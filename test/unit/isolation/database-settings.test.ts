import { RDSClient } from '@aws-sdk/client-rds';
import { rotationFunctionArn, tenantNames } from '../../../functions/contract/naming';
import { DATABASE_SETTINGS_CHECKS } from '../../../functions/isolation/checks/database-settings';
import { databaseFacts } from '../../../functions/isolation/facts/database-facts';
import { ask, type Scene, testBreaches } from '../../support/breaches';
import { ACCOUNT_ID, aTenant, REGION } from '../../support/builders';
import { FakeClient } from '../../support/fake-client';
import { FakeProbes } from '../../support/fake-probes';
import { aSubject, factsFrom, healthyFacts } from '../../support/isolated-tenant';

const reset = (at: string) => ({
  Message: 'Reset master credentials',
  Date: new Date(at),
  SourceIdentifier: 'primary',
});

const { tenantId } = aTenant();
const [INSTANCE, REPLICA] = [tenantNames.database(tenantId), tenantNames.replica(tenantId)];
const withStatus =
  (id: string, status: string | undefined) =>
  ({ facts }: Scene) => {
    facts.database.statuses[id] = status;
  };

testBreaches(DATABASE_SETTINGS_CHECKS, [
  ['database.status', 'stopped', withStatus(INSTANCE, 'stopped'), `${INSTANCE} is stopped`],
  [
    'database.status',
    'a replica that lost its key',
    withStatus(REPLICA, 'inaccessible-encryption-credentials'),
    '-replica is inaccessible-encryption-credentials',
  ],
  [
    'database.status',
    'gone',
    withStatus(INSTANCE, undefined),
    `${INSTANCE} is gone: RDS has no instance of this name; see "A lost`,
  ],
  [
    'database.status',
    'failed for good',
    withStatus(INSTANCE, 'failed'),
    'is failed, which RDS cannot mend; see "A lost',
  ],
  [
    'database.pending',
    'a smaller class tonight',
    ({ facts }) => (facts.database.instance.PendingModifiedValues = { DBInstanceClass: 'db.t4g.micro' }),
    'a change of DBInstanceClass of',
  ],
  [
    'database.tag',
    'of another tenant on the replica',
    ({ facts }) => (facts.database.replica.TagList = [{ Key: 'tenantId', Value: 'tother' }]),
    '-replica is tother, not',
  ],
  [
    'database.parameters',
    'statements in the log',
    ({ facts }) => {
      const found = facts.database.parameters.find(
        (each: { ParameterName: string }) => each.ParameterName === 'log_statement',
      );
      found.ParameterValue = 'all';
    },
    'parameter log_statement is all, not none',
  ],
  [
    'database.parameters',
    'one that no release sets',
    ({ facts }) => facts.database.parameters.push({ ParameterName: 'auto_explain.log_analyze', ParameterValue: '1' }),
    'parameter auto_explain.log_analyze is set to 1',
  ],
  ['database.parameters', 'one is reset', ({ facts }) => facts.database.parameters.pop(), 'is absent, not'],
  [
    'database.master-password',
    'set without the secret',
    ({ facts }) => facts.database.events.push(reset('2026-03-01T10:00:00Z')),
    'the master password of primary was set at 2026-03-01T10:00:00.000Z',
  ],
  [
    'database.master-password',
    'set right after the tenant was made, with the secret of its making',
    ({ facts }) => {
      facts.stacks.all.access.CreationTime = new Date('2026-03-01T09:59:00Z');
      facts.secrets.versions.push(new Date('2026-03-01T09:50:00Z'));
      facts.database.events.push(reset('2026-03-01T10:00:00Z'));
    },
    'the secret has no version of that time',
  ],
  [
    'database.master-password',
    'waiting',
    ({ facts }) => (facts.database.instance.PendingModifiedValues = { MasterUserPassword: '****' }),
    'a new master password of',
  ],
  [
    'database.monitoring-role',
    'without its policy',
    ({ facts }) => (facts.identity.serviceRoles[1].inline = []),
    'nothing is delivered: role tenant-t',
  ],
  [
    'database.monitoring-role',
    'that RDS must not assume',
    ({ facts }) => (facts.identity.serviceRoles[1].trust = []),
    '-monitoring does not allow sts:AssumeRole as the release does',
  ],
  [
    'database.monitoring-role',
    'a stranger’s',
    ({ facts }) => (facts.database.replica.MonitoringRoleArn = 'arn:aws:iam::999999999999:role/monitor'),
    '-replica is arn:aws:iam::999999999999:role/monitor',
  ],
  ...(
    [
      ['that is gone', (alarms) => alarms.splice(0, 1), 'of the database does not exist'],
      ['that is disabled', ([alarm]) => (alarm.ActionsEnabled = false), 'the actions of alarm tenant-'],
      ['that rings for nobody', ([alarm]) => (alarm.AlarmActions = []), 'action of alarm tenant-'],
      [
        'whose end a stranger hears',
        ([alarm]) => (alarm.OKActions = ['arn:aws:sns:eu-central-1:999999999999:theirs']),
        '999999999999:theirs hears when alarm tenant-',
      ],
      ['that never rings', ([alarm]) => (alarm.Threshold = 1e9), 'Threshold of alarm tenant-'],
      [
        'of another database',
        ([alarm]) => (alarm.Dimensions[0].Value = 'other'),
        'DBInstanceIdentifier other is unexp',
      ],
      [
        'that is disabled behind another one with a name like its own',
        (alarms) => {
          alarms.unshift({ ...alarms[0], AlarmName: alarms[0].AlarmName.replace(/.$/, '0') });
          alarms[1].ActionsEnabled = false;
        },
        'the actions of alarm tenant-',
      ],
      [
        'that is gone, while an operator has another one',
        ([alarm]) => (alarm.AlarmName = alarm.AlarmName.replace(/[^-]*$/, 'warning')),
        'of the database does not exist',
      ],
      // biome-ignore lint/suspicious/noExplicitAny: any part of it can be spoiled
    ] as [string, (alarms: any) => unknown, string][]
  ).map(
    ([what, spoil, evidence]) =>
      ['database.alarms', `an alarm ${what}`, ({ facts }: Scene) => spoil(facts.alarms.ofDatabase), evidence] as [
        string,
        string,
        (scene: Scene) => unknown,
        string,
      ],
  ),
  ...(
    [
      ['without minor upgrades', { AutoMinorVersionUpgrade: false }, 'automatic minor upgrades of'],
      ['whose snapshots have no tags', { CopyTagsToSnapshot: false }, 'the tags’ way to snapshots of'],
      ['without insights', { PerformanceInsightsEnabled: false }, 'Database Insights of'],
      ['that remembers a day', { PerformanceInsightsRetentionPeriod: 1 }, 'remember 1 days, not 7'],
      ['whose storage does not grow', { MaxAllocatedStorage: undefined }, 'grows to no more than it is, not to'],
      ['that nothing monitors', { MonitoringInterval: 0 }, 'nothing monitors'],
      ['with addresses of IPv6', { NetworkType: 'DUAL' }, 'is DUAL, not IPV4'],
      ['with options', { OptionGroupMemberships: [{ OptionGroupName: 'theirs' }] }, 'has the option group theirs'],
      ['with a secret of RDS', { MasterUserSecret: { SecretArn: 'arn:rds' } }, 'RDS keeps the master password of'],
    ] as const
  ).flatMap(([what, change, evidence]) =>
    (['instance', 'replica'] as const).map(
      (which) =>
        [
          'database.instance',
          `${which} ${what}`,
          ({ facts }: Scene) => Object.assign(facts.database[which], change),
          evidence,
        ] as [string, string, (scene: Scene) => unknown, string],
    ),
  ),
  [
    'database.instance',
    'at another port',
    ({ facts }) => (facts.database.instance.Endpoint.Port = 5433),
    'is 5433, not 5432',
  ],
]);

test('a replica that the plan on the record does not promise has to be like the primary', async () => {
  const check = DATABASE_SETTINGS_CHECKS.find(({ id }) => id === 'database.instance');
  const smaller =
    (MonitoringInterval: number) =>
    ({ facts }: Scene) => {
      facts.release.database = facts.release.database.filter(
        ({ properties }: { properties: { DBInstanceIdentifier?: string } }) =>
          !properties.DBInstanceIdentifier?.endsWith('-replica'),
      );
      Object.assign(facts.database.replica, { MonitoringInterval });
    };
  expect(check && (await ask(check, smaller(60)))).toMatchObject({ passed: true });
  expect(check && (await ask(check, smaller(0)))).toMatchObject({ passed: false });
});

test('what an operator may choose is no difference', async () => {
  const chosen = ({ facts }: Scene) =>
    Object.assign(facts.database.instance, {
      ...{ MonitoringInterval: 15, PerformanceInsightsRetentionPeriod: 465, StorageType: 'io2' },
      ...{ PreferredMaintenanceWindow: 'sun:03:00-sun:04:00', CACertificateIdentifier: 'rds-ca-ecc384-g1' },
    });
  const check = DATABASE_SETTINGS_CHECKS.find(({ id }) => id === 'database.instance');
  expect(check && (await ask(check, chosen))).toMatchObject({ passed: true });
});

const growing = {
  AllocatedStorage: 20,
  MaxAllocatedStorage: 100,
  EngineVersion: '17.2',
  AutoMinorVersionUpgrade: true,
};

test('an alarm that an operator has beside the release’s, and has disabled, is no difference', async () => {
  const check = DATABASE_SETTINGS_CHECKS.find(({ id }) => id === 'database.alarms');
  if (!check) throw new Error('there is no such check');
  const warning = ({ facts: { alarms } }: Scene) => {
    const [alarm] = alarms.ofDatabase;
    alarms.ofDatabase.unshift({
      ...{ ...alarm, AlarmName: alarm.AlarmName.replace(/[^-]*$/, '0-warning') },
      ...{ ActionsEnabled: false, Threshold: 60 },
    });
  };
  expect(await ask(check, warning)).toMatchObject({ passed: true });
});

test.each([
  ['more storage below the ceiling', { AllocatedStorage: 30 }, true],
  ['more storage than the ceiling', { AllocatedStorage: 300 }, false],
  ['a minor version', { EngineVersion: '17.4' }, true],
  ['a major version', { EngineVersion: '18.1' }, false],
  ['the next certificate', { CACertificateIdentifier: 'rds-ca-ecc384-g1' }, true],
])('a change that RDS may make by itself is no violation: %s', async (_, PendingModifiedValues, expected) => {
  const [check] = DATABASE_SETTINGS_CHECKS.filter(({ id }) => id === 'database.pending');
  if (!check) throw new Error('there is no such check');
  const { passed } = await ask(check, ({ facts }) =>
    Object.assign(facts.database.instance, growing, { PendingModifiedValues }),
  );
  expect(passed).toBe(expected);
});

const masterPassword = DATABASE_SETTINGS_CHECKS.filter(({ id }) => id === 'database.master-password');

test.each(masterPassword)(
  'a rotation of the master password by the runbook, with a version of the secret, is no violation',
  async (check) => {
    const { passed } = await ask(check, ({ facts }) => {
      facts.database.events.push(reset('2026-03-01T10:00:00Z'));
      facts.secrets.versions.push(new Date('2026-03-01T09:58:00Z'));
    });
    expect(passed).toBe(true);
  },
);

/** The platform's own rotation, of which RDS and the secret show a part each. */
const rotatedBy = (RotationLambdaARN: string, more: object = {}) => ({
  RotationEnabled: true,
  RotationLambdaARN,
  ...more,
});
const OWN = rotationFunctionArn(REGION, ACCOUNT_ID);
const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000);
const waits = { MasterUserPassword: '****' };

const BY_ROTATION = DATABASE_SETTINGS_CHECKS.filter(({ id }) => /pending|master-password/.test(id));

test.each(BY_ROTATION)(
  '$id: a rotation by the platform’s function that is under way is no violation',
  async (check) => {
    const { passed } = await ask(check, ({ facts }) => {
      Object.assign(facts.secrets.description, rotatedBy(OWN));
      facts.secrets.pendingSince = ago(2);
      facts.database.events.push(reset(ago(1).toISOString()));
      facts.database.instance.PendingModifiedValues = waits;
    });
    expect(passed).toBe(true);
  },
);

test.each(masterPassword)('a rotation by hand, soon after one by the platform, is no violation', async (check) => {
  const { passed } = await ask(check, ({ facts }) => {
    Object.assign(facts.secrets.description, rotatedBy(OWN, { LastRotatedDate: ago(5) }));
    facts.secrets.versions.push(ago(6), ago(2));
    facts.database.events.push(reset(ago(1).toISOString()));
  });
  expect(passed).toBe(true);
});

test.each(masterPassword)('a rotation that was taken up late and has finished is no violation', async (check) => {
  const { passed } = await ask(check, ({ facts }) => {
    Object.assign(facts.secrets.description, rotatedBy(OWN, { LastRotatedDate: ago(99) }));
    facts.secrets.versions.push(ago(300));
    facts.database.events.push(reset(ago(100).toISOString()));
  });
  expect(passed).toBe(true);
});

test.each(masterPassword)('RDS may date its event of a new password after the end of the rotation', async (check) => {
  for (const ms of [600, 40_000, 4 * 60_000]) {
    const { passed } = await ask(check, ({ facts }) => {
      const lastAt = ago(9);
      Object.assign(facts.secrets.description, rotatedBy(OWN, { LastRotatedDate: lastAt }));
      facts.secrets.versions.push(new Date(lastAt.getTime() - 60_000));
      facts.database.events.push(reset(new Date(lastAt.getTime() + ms).toISOString()));
    });
    expect([ms, passed]).toEqual([ms, true]);
  }
});

test.each(masterPassword)(
  'a rotation soon after another one, whose event is dated late, is no violation',
  async (check) => {
    const { passed } = await ask(check, ({ facts }) => {
      const lastAt = ago(3);
      Object.assign(facts.secrets.description, rotatedBy(OWN, { LastRotatedDate: lastAt }));
      facts.secrets.versions.push(ago(8), ago(4));
      facts.database.events.push(reset(ago(7).toISOString()), reset(new Date(lastAt.getTime() + 30_000).toISOString()));
    });
    expect(passed).toBe(true);
  },
);

/** Read at one moment, our rotation has ended; before, a check had read it half. */
const ended = ({ facts }: Scene) => {
  const description = { ...facts.secrets.description, ...rotatedBy(OWN, { LastRotatedDate: ago(1) }) };
  const { instance, events } = facts.database;
  facts.password.atOneMoment = {
    ...{ instances: [{ ...instance, PendingModifiedValues: {} }], events: [...events] },
    ...{ description, versions: [ago(2)], pendingSince: undefined },
  };
  facts.database.instance.PendingModifiedValues = waits;
};

test.each(BY_ROTATION)(
  '$id: a rotation that ends between reading instance and secret is no violation',
  async (check) => {
    const { passed } = await ask(check, (scene) => {
      ended(scene);
      scene.facts.database.events.push(reset(ago(1.5).toISOString()));
      scene.facts.password.atOneMoment.events = [...scene.facts.database.events];
      // The secret as it was before the rotation had begun.
      Object.assign(scene.facts.secrets.description, rotatedBy(OWN, { LastRotatedDate: ago(9_000) }));
    });
    expect(passed).toBe(true);
  },
);

test.each(BY_ROTATION)(
  '$id: a password of ours that RDS shows as pending a moment longer is no violation',
  async (check) => {
    const { passed } = await ask(check, ({ facts }) => {
      Object.assign(facts.secrets.description, rotatedBy(OWN, { LastRotatedDate: ago(1) }));
      facts.database.instance.PendingModifiedValues = waits;
    });
    expect(passed).toBe(true);
  },
);

test('database.master-password asks for no versions of the secret when the last password is of our rotation', async () => {
  const facts = healthyFacts();
  Object.assign(facts.secrets.description, rotatedBy(OWN, { LastRotatedDate: ago(1) }));
  facts.database.events = [reset(ago(1.5).toISOString())];
  const asked = factsFrom(facts);
  const versions = jest.fn(asked.secrets.versions);
  const subject = aSubject();
  const sources = { facts: { ...asked, secrets: { ...asked.secrets, versions } }, probes: new FakeProbes(subject) };
  for (const { run } of masterPassword) expect(await run(subject, sources)).toMatchObject({ passed: true });
  expect(versions).not.toHaveBeenCalled();
});

testBreaches(BY_ROTATION, [
  [
    'database.pending',
    'a password that waits at the one moment, too',
    (scene) => {
      ended(scene);
      const { atOneMoment } = scene.facts.password;
      Object.assign(atOneMoment.description, { LastRotatedDate: ago(10) });
      atOneMoment.instances = [scene.facts.database.instance];
    },
    'a change of MasterUserPassword of',
  ],
  [
    'database.master-password',
    'set while a foreign function rotates',
    ({ facts }) => {
      Object.assign(facts.secrets.description, rotatedBy('arn:rotate-everything', { LastRotatedDate: ago(1) }));
      facts.secrets.pendingSince = ago(2);
      facts.database.events.push(reset(ago(1).toISOString()));
    },
    'the secret has no version of that time',
  ],
  [
    'database.master-password',
    'set hours after a rotation began that never finished',
    ({ facts }) => {
      Object.assign(facts.secrets.description, rotatedBy(OWN));
      facts.secrets.pendingSince = ago(200);
      facts.database.events.push(reset(ago(1).toISOString()));
    },
    'the secret has no version of that time',
  ],
  [
    'database.master-password',
    'set long after the last rotation',
    ({ facts }) => {
      Object.assign(facts.secrets.description, rotatedBy(OWN, { LastRotatedDate: ago(200) }));
      facts.database.events.push(reset(ago(1).toISOString()));
    },
    'the secret has no version of that time',
  ],
  [
    'database.master-password',
    'set a minute after a rotation has ended',
    ({ facts }) => {
      Object.assign(facts.secrets.description, rotatedBy(OWN, { LastRotatedDate: ago(2) }));
      facts.secrets.versions.push(ago(3));
      facts.database.events.push(reset(ago(2.5).toISOString()), reset(ago(1).toISOString()));
    },
    'the secret has no version of that time',
  ],
  [
    'database.master-password',
    'set in the second in which a rotation has ended',
    ({ facts }) => {
      const lastAt = ago(2);
      const after = (ms: number) => new Date(lastAt.getTime() + ms);
      Object.assign(facts.secrets.description, rotatedBy(OWN, { LastRotatedDate: lastAt }));
      facts.secrets.versions.push(after(-400));
      facts.database.events.push(reset(after(-300).toISOString()), reset(after(600).toISOString()));
    },
    'the secret has no version of that time',
  ],
  [
    'database.master-password',
    'set seconds after a rotation whose end is told in whole seconds',
    ({ facts }) => {
      const lastAt = ago(2);
      const after = (ms: number) => new Date(lastAt.getTime() + ms);
      Object.assign(facts.secrets.description, rotatedBy(OWN, { LastRotatedDate: lastAt }));
      facts.secrets.versions.push(after(609));
      facts.database.events.push(reset(after(653).toISOString()), reset(after(2_564).toISOString()));
    },
    'the secret has no version of that time',
  ],
  [
    'database.master-password',
    'set soon after a rotation whose own event is dated after its end',
    ({ facts }) => {
      const lastAt = ago(9);
      const after = (ms: number) => new Date(lastAt.getTime() + ms);
      Object.assign(facts.secrets.description, rotatedBy(OWN, { LastRotatedDate: lastAt }));
      facts.secrets.versions.push(after(-60_000));
      facts.database.events.push(reset(after(40_000).toISOString()), reset(after(90_000).toISOString()));
    },
    'the secret has no version of that time',
  ],
  [
    'database.pending',
    'a smaller class tonight, beside a rotation',
    ({ facts }) => {
      Object.assign(facts.secrets.description, rotatedBy(OWN));
      facts.secrets.pendingSince = ago(2);
      facts.database.instance.PendingModifiedValues = { ...waits, DBInstanceClass: 'db.t4g.micro' };
    },
    'a change of DBInstanceClass of',
  ],
  [
    'database.pending',
    'a password that no rotation has set',
    ({ facts }) => (facts.database.instance.PendingModifiedValues = waits),
    'a change of MasterUserPassword of',
  ],
]);

test('of an instance that is gone its status is told, and nothing else can be', async () => {
  const replica = { DBInstanceIdentifier: REPLICA, DBInstanceStatus: 'available' };
  const rds = new FakeClient({ DescribeDBInstancesCommand: { DBInstances: [replica] } });
  const client = Object.assign(Object.create(RDSClient.prototype), { send: rds.send });
  const facts = databaseFacts(client, aSubject());
  expect(await facts.statuses()).toEqual({ [INSTANCE]: undefined, [REPLICA]: 'available' });
  await expect(facts.instance()).rejects.toThrow(`RDS knows no instance ${INSTANCE}`);
  expect(rds.sent).toHaveLength(1);
});
