import { Signer } from '@aws-sdk/rds-signer';
import { MAX_CONNECTIONS } from '../../../functions/contract/connections';
import { tenantNames } from '../../../functions/contract/naming';
import { FACT_QUERIES } from '../../../functions/database/door-facts';
import { NotAsked, Unanswered } from '../../../functions/isolation/check';
import { DATABASE_DOOR_CHECKS } from '../../../functions/isolation/checks/database-door';
import { DATABASE_LOGIN_CHECKS } from '../../../functions/isolation/checks/database-logins';
import { REPLICA_LOGIN_CHECKS } from '../../../functions/isolation/checks/replica-logins';
import { find } from '../../../functions/isolation/find';
import { type LoginName, type ReplicaLoginName, tryDoor } from '../../../functions/isolation/probes/database-door';
import { loginTokenOf } from '../../../functions/isolation/probes/login-token';
import { ask, type Scene, testBreaches } from '../../support/breaches';
import { aCell, aTenant, REGION } from '../../support/builders';
import { awsError, FakeClient } from '../../support/fake-client';
import { FakeProbes } from '../../support/fake-probes';
import { healthyDoor } from '../../support/healthy-door';
import { aSubject, factsFrom, healthyFacts } from '../../support/isolated-tenant';

const { tenantId } = aTenant();
const application = tenantNames.databaseUser(tenantId);
const CHECKS = [...DATABASE_DOOR_CHECKS, ...DATABASE_LOGIN_CHECKS, ...REPLICA_LOGIN_CHECKS];

type Facts = Record<string, string[]>;
const having =
  (fact: string, line: string) =>
  ({ probes }: Scene) =>
    (probes.door.answers.facts as Facts)[fact]?.push(line);
const lacking =
  (fact: string, line: string) =>
  ({ probes: { door } }: Scene) => {
    const lines = (door.answers.facts as Facts)[fact] ?? [];
    lines.splice(lines.indexOf(line), 1);
  };
const accepting =
  (name: LoginName) =>
  ({ probes }: Scene) => {
    probes.door.answers.others[name] = { outcome: 'accepted' };
  };
const refusing =
  (name: LoginName, code: string, message: string) =>
  ({ probes }: Scene) => {
    probes.door.answers.others[name] = { outcome: 'refused', code, message };
  };
const atReplica =
  (spoil: (replica: NonNullable<FakeProbes['door']['answers']['replica']>) => void) =>
  ({ probes }: Scene) => {
    const { replica } = probes.door.answers;
    if (replica) spoil(replica);
  };
const replicaAccepting = (name: ReplicaLoginName) =>
  atReplica(({ others }) => {
    others[name] = { outcome: 'accepted' };
  });
const ownRefused = ({ probes }: Scene) => {
  probes.door.answers.own = { outcome: 'refused', code: '28000', message: 'PAM authentication failed' };
};

testBreaches(CHECKS, [
  ['database.logins', 'a stranger', having('roles', 'stranger LOGIN'), 'stranger LOGIN: no release makes this'],
  ['database.logins', 'a group of RDS that logs in', having('roles', 'rds_ad LOGIN'), 'rds_ad LOGIN'],
  ['database.logins', 'a master user who is more', having('roles', 'tenant_admin LOGIN SUPERUSER'), 'SUPERUSER'],
  ['database.logins', 'no owner', lacking('roles', 'funnels_owner'), 'funnels_owner: missing'],
  [
    'database.members',
    'an application that reads all',
    having('members', `${application} in pg_read_all_data INHERIT SET`),
    'in pg_read_all_data',
  ],
  [
    'database.members',
    'an application without rds_iam',
    lacking('members', `${application} in rds_iam INHERIT SET`),
    'in rds_iam INHERIT SET: missing',
  ],
  ['database.owners', 'a table of another', having('owners', 'TABLE funnels.leads OF stranger'), 'OF stranger'],
  [
    'database.owners',
    'staged rows of another',
    having('owners', 'TABLE funnels_restored.t0 OF stranger'),
    'funnels_restored.t0 OF stranger',
  ],
  [
    'database.leftovers',
    'rows of a restore',
    having('owners', 'SCHEMA funnels_restored OF funnels_owner'),
    'SCHEMA funnels_restored',
  ],
  [
    'database.grants',
    'rows of a restore that the application may read',
    having('grants', `SCHEMA funnels_restored TO ${application}: USAGE`),
    'SCHEMA funnels_restored TO',
  ],
  ['database.owners', 'another schema', having('owners', 'SCHEMA other OF tenant_admin'), 'SCHEMA other'],
  ['database.owners', 'a type of another', having('owners', 'TYPE funnels.kind OF tenant_admin'), 'TYPE funnels.kind'],
  [
    'database.owners',
    'a copy in another database',
    having('owners', 'pg_class IN DATABASE postgres OF tenant_admin'),
    'pg_class IN DATABASE postgres',
  ],
  [
    'database.foreign',
    'an extension in another database',
    having('foreign', 'pg_extension IN DATABASE postgres OF tenant_admin'),
    'pg_extension IN DATABASE postgres',
  ],
  [
    'database.grants',
    'the statistics of statements in the tenant’s own schema',
    having('grants', 'TABLE funnels.pg_stat_statements TO PUBLIC: SELECT'),
    'TO PUBLIC',
  ],
  ['database.grants', 'a table for PUBLIC', having('grants', 'TABLE funnels.leads TO PUBLIC: SELECT'), 'TO PUBLIC'],
  [
    'database.grants',
    'a right that can be passed on',
    having('grants', `TABLE funnels.leads TO ${application}: DELETE*, INSERT, SELECT, UPDATE`),
    'DELETE*',
  ],
  [
    'database.grants',
    'a table for a group of RDS',
    having('grants', 'TABLE funnels.leads TO rds_iam: SELECT'),
    'rds_iam',
  ],
  [
    'database.grants',
    'the record of migrations for the application',
    having('grants', `TABLE funnels.kysely_migration TO ${application}: DELETE, INSERT, SELECT, UPDATE`),
    'funnels.kysely_migration',
  ],
  ['database.grants', 'tables to come', having('defaults', 'tenant_admin ON r TO PUBLIC SELECT'), 'PUBLIC SELECT'],
  ['database.grants', 'another schema', having('reach', 'schema other'), 'schema other'],
  ['database.code', 'a trigger', having('code', 'TRIGGER copy on funnels.leads'), 'TRIGGER copy'],
  ['database.foreign', 'a server', having('foreign', 'SERVER stranger'), 'SERVER stranger'],
  ['database.replication', 'a publication', having('replication', 'PUBLICATION everything'), 'PUBLICATION'],
  ['database.sessions', 'another schema first', having('settings', 'ALL: search_path=evil'), 'search_path=evil'],
  [
    'database.sessions',
    'a log of statements with their values',
    having('settings', `${application}: log_statement=all`),
    'log_statement=all: no release makes this',
  ],
  [
    'database.sessions',
    'large objects of everybody',
    having('settings', 'ALL IN funnels: lo_compat_privileges=on'),
    'lo_compat_privileges=on',
  ],
  ['database.sessions', 'no audit', having('settings', 'tenant_admin: pgaudit.log=none'), 'pgaudit.log=none'],
  [
    'database.sessions',
    'a role called like a setting',
    having('settings', '"x: work_mem=": role=funnels_owner'),
    'role=funnels_owner',
  ],
  ['database.sessions', 'as another', having('settings', `${application}: role=funnels_owner`), 'role=funnels_owner'],
  ['database.release', 'an earlier release', ({ subject }) => (subject.rolesRevision = 1), 'behind a release'],
  ['probes.database-login', 'refused', ownRefused, 'the tenant’s role was refused: PAM'],
  ['probes.database-from-decoy', 'let in', accepting('decoy'), 'the decoy’s token was accepted'],
  ['probes.database-other-user', 'let in', accepting('other-user'), 'for another user was accepted'],
  ['probes.database-other-user', 'as master', accepting('master'), 'as the master user with the tenant’s token was'],
  ['probes.database-expired-token', 'let in', accepting('expired'), 'an expired token was accepted'],
  ['probes.database-without-tls', 'let in', accepting('plain'), 'a login without TLS was accepted'],
  [
    'probes.database-without-tls',
    'asked',
    refusing('plain-master', '28P01', 'password authentication failed'),
    'of the master user without TLS was asked for its secret',
  ],
  ['probes.database-master-password', 'let in', accepting('master-password'), 'the master password was accepted'],
  [
    'probes.database-powers',
    'a table',
    ({ probes }) => (probes.door.answers.powers['make a table'] = 'done'),
    'the application could make a table',
  ],
  ['probes.database-others', 'let in', accepting('postgres'), 'the database postgres was accepted'],
  [
    'probes.replica-login',
    'refused',
    atReplica((replica) => {
      replica.own = { outcome: 'refused', code: '28000', message: 'PAM authentication failed' };
    }),
    'the tenant’s reader was refused: PAM',
  ],
  ['probes.replica-from-decoy', 'let in', replicaAccepting('decoy'), 'the decoy’s token was accepted'],
  ...(
    [
      ['application', 'as the application was accepted'],
      ['other-user', 'for another user was accepted'],
      ['primary', 'for the primary was accepted'],
      ['master', 'as the master user with the tenant’s token was accepted'],
    ] as const
  ).map(([name, words]) => ['probes.replica-other-token', `let in: ${name}`, replicaAccepting(name), words] as const),
  ['probes.replica-without-tls', 'let in', replicaAccepting('plain'), 'the replica without TLS was accepted'],
  [
    'probes.replica-without-tls',
    'asked',
    atReplica(({ others }) => {
      others['plain-master'] = { outcome: 'refused', code: '28P01', message: 'password authentication failed' };
    }),
    'the master user to the replica without TLS was asked for its secret',
  ],
  [
    'probes.replica-reads-only',
    'promoted',
    atReplica((replica) => {
      replica.takesWrites = true;
    }),
    'the replica takes writes',
  ],
  [
    'probes.replica-reads-only',
    'a reader who is more',
    atReplica(({ powers }) => {
      powers['become the owner'] = 'done';
    }),
    'the reader could become the owner',
  ],
]);

test.each([
  'read_only: TimeZone=Europe/Berlin',
  `${application} IN funnels: max_parallel_workers_per_gather=2`,
  'ALL: idle_session_timeout=1h',
  `${application}: statement_timeout=30000`,
  'read_only: lock_timeout=500ms',
  ...['0', '0s', '0ms', '0 min', '1.5s', '0.5s', '250.5', '1.5h'].map((time) => `read_only: lock_timeout=${time}`),
  'rdsadmin: role=rdsadmin',
  'ALL IN rdsadmin: auto_explain.log_min_duration=-1',
])('the setting %s is no violation', async (line) => {
  expect(await answer('database.sessions', having('settings', line))).toMatchObject({ passed: true });
});

test('a group that RDS makes in a version to come is nobody’s way in, until somebody is in it', async () => {
  const further = (line: string) => answer('database.logins', having('roles', line));
  expect(await further('rds_of_tomorrow')).toMatchObject({ passed: true });
  expect(await further('rds_of_tomorrow LOGIN')).toMatchObject({ passed: false });
  for (const user of [application, 'tenant_admin'])
    expect(await answer('database.members', having('members', `${user} in rds_of_tomorrow INHERIT SET`))).toEqual({
      passed: false,
      evidence: expect.stringContaining('in rds_of_tomorrow'),
    });
  const grants = having('grants', 'TABLE funnels.leads TO rds_of_tomorrow: SELECT');
  expect(await answer('database.grants', grants)).toMatchObject({ passed: false });
});

test.each([
  ['database.owners', 'owners', 'STATISTICS OBJECT funnels.together OF funnels_owner'],
  ['database.owners', 'owners', 'FUNCTION funnels.total(integer, text) OF funnels_owner'],
  ['database.owners', 'owners', 'SCHEMA of_an_extension OF rdsadmin'],
  ['database.foreign', 'foreign', 'EXTENSION pg_stat_statements'],
  ['database.owners', 'owners', 'pg_namespace IN DATABASE postgres OF tenant_admin'],
])('%s: %s with the line %s is no violation', async (id, fact, line) => {
  expect(await answer(id, having(fact, line))).toMatchObject({ passed: true });
});

test('a missing line that lets somebody in keeps the severity of its check', async () => {
  const found = {
    out: await answer('database.logins', lacking('roles', 'funnels_owner')),
    leftRdsIam: await answer('database.members', lacking('members', `${application} in rds_iam INHERIT SET`)),
    openFunctions: await answer('database.grants', lacking('defaults', 'funnels_owner ON f TO nobody')),
  };
  expect(Object.values(found).map(({ passed }) => passed)).toEqual([false, false, false]);
  expect(found).toMatchObject({ out: { severity: 'medium' } });
  expect(found.leftRdsIam).not.toHaveProperty('severity');
  expect(found.openFunctions).not.toHaveProperty('severity');
});

test('what keeps the application from its rows, and lets nobody at them, suspends no tenant', async () => {
  const scarce = [
    'DATABASE funnels: CONNECTION LIMIT 20',
    `ROLE ${application}: CONNECTION LIMIT 20`,
    `ROLE ${application}: VALID UNTIL 2099-01-01 00:00:00+00`,
    'TABLE funnels.leads: UNLOGGED',
    `TABLE funnels.leads TO ${tenantNames.databaseReader(tenantId)}: nothing`,
  ];
  for (const line of scarce) {
    const found = await answer('database.sessions', having('settings', line));
    expect(found).toMatchObject({ passed: false, evidence: expect.stringContaining(line) });
  }
  expect(checkCalled('database.sessions')).toMatchObject({
    severity: 'high',
    remediation: { action: expect.stringMatching(/CONNECTION LIMIT -1.*SET LOGGED.*grant/) },
  });
  const { settings, ...others } = FACT_QUERIES;
  const asksForIt = /datconnlimit|rolconnlimit|rolvaliduntil|relpersistence|: nothing/;
  expect(settings).toMatch(asksForIt);
  for (const limit of ['datconnlimit', 'rolconnlimit'])
    expect(settings).toContain(`${limit} BETWEEN 0 AND ${MAX_CONNECTIONS - 1}`);
  expect(Object.values(others).filter((query) => asksForIt.test(query))).toEqual([]);
});

test.each(['1', '99ms', '99', '0.05s', '100us', '0.00001h', '1.5', '-1'])(
  'a timeout of %s ends what the application does',
  async (time) => {
    const line = `${application}: statement_timeout=${time}`;
    expect(await answer('database.sessions', having('settings', line))).toMatchObject({ passed: false });
  },
);

const checkCalled = (id: string) => CHECKS.find((check) => check.id === id) ?? CHECKS[0];
const answer = async (id: string, spoil: (scene: Scene) => void) => {
  const check = checkCalled(id);
  if (!check) throw new Error('no checks');
  return await ask(check, spoil);
};

test.each([
  ['a server without a connection left', refusing('decoy', '53300', 'too many connections')],
  ['a user who does not exist', refusing('decoy', '28P01', 'password authentication failed')],
  ['an own login that is refused', ownRefused],
  ['a decoy that cannot sign', ({ probes }: Scene) => void delete probes.door.answers.others.decoy],
])('a refusal because of %s proves nothing, and is no violation', async (_, spoil) => {
  expect(await answer('probes.database-from-decoy', spoil)).toMatchObject({ passed: false, unanswered: true });
});

test.each([
  { outcome: 'refused', code: '57P03', message: 'the database system is starting up' },
  { outcome: 'unreached', reason: 'timeout expired' },
] as const)('a server that takes nobody, or cannot be reached, is no violation: %j', async (own) => {
  const spoil = ({ probes }: Scene) => {
    probes.door.answers.own = own;
  };
  const unanswered = { passed: false, unanswered: true, restsOn: 'role' };
  expect(await answer('probes.database-login', spoil)).toMatchObject(unanswered);
});

test('a power that is refused for another reason is not proven', async () => {
  const spoil = ({ probes }: Scene) => {
    probes.door.answers.powers['become the owner'] = '22023';
  };
  expect(await answer('probes.database-powers', spoil)).toMatchObject({ passed: false, unanswered: true });
});

test('what a replica has not told is not proven, and a plan without one has no second door', async () => {
  const silent = atReplica((replica) => {
    replica.takesWrites = undefined;
  });
  expect(await answer('probes.replica-reads-only', silent)).toMatchObject({ passed: false, unanswered: true });
  const unreached = atReplica((replica) => {
    replica.own = { outcome: 'unreached', reason: 'timeout expired' };
  });
  for (const { id } of REPLICA_LOGIN_CHECKS)
    expect([id, await answer(id, unreached)]).toMatchObject([id, { passed: false, unanswered: true }]);
  const ofEarlierCell = ({ probes }: Scene) => {
    delete probes.door.answers.replica;
  };
  await expect(answer('probes.replica-login', ofEarlierCell)).rejects.toBeInstanceOf(NotAsked);
  const without = ({ subject, probes }: Scene) => {
    delete subject.stacks.database.outputs.ReplicaAddress;
    delete probes.door.answers.replica;
  };
  expect(await answer('probes.replica-from-decoy', without)).toMatchObject({ passed: true });
});

test('facts that cannot be read or are not told answer nothing', async () => {
  const subject = aSubject();
  const probes = new FakeProbes(subject);
  probes.door.answers.facts.code = { unread: 'permission denied (42501)' };
  const sources = { facts: factsFrom(healthyFacts()), probes };
  const code = checkCalled('database.code');
  if (!code) throw new Error('no check');
  expect(await find(code, subject, sources)).toMatchObject({ unanswered: true, passed: false });
  probes.closed = new Unanswered('no function', 'role');
  expect(await find(code, subject, sources)).toMatchObject({ unanswered: true, passed: false });
});

describe('a tenant of an earlier release', () => {
  const asked = async (rolesRevision: number, routed = true, made = rolesRevision) => {
    const subject = aSubject({ rolesRevision, routed });
    const probes = new FakeProbes(subject);
    Object.assign(probes.door, healthyDoor(tenantId, made));
    if (made === 1)
      for (const name of ['postgres', 'template1']) {
        probes.door.answers.others[name] = { outcome: 'accepted' };
        (probes.door.answers.facts as Facts).grants?.push(`DATABASE ${name} TO PUBLIC: CONNECT`);
        (probes.door.answers.facts as Facts).reach?.push(`database ${name}`);
      }
    return await Promise.all(
      CHECKS.map(async (check) => ({
        id: check.id,
        found: await find(check, subject, { facts: factsFrom(healthyFacts()), probes }),
      })),
    );
  };

  test('fails no check but the one that says so, which suspends nobody', async () => {
    const failed = (await asked(1)).filter(({ found }) => !('passed' in found && found.passed));
    expect(failed.map(({ id }) => id)).toEqual(['database.release']);
    expect(checkCalled('database.release')?.severity).toBe('medium');
  });

  test('whose migration has made the roles and not yet recorded them fails no other check', async () => {
    const failed = (await asked(1, true, 2)).filter(({ found }) => !('passed' in found && found.passed));
    expect(failed.map(({ id }) => id)).toEqual(['database.release']);
  });

  test('whose database was never prepared is told so, and asked nothing else', async () => {
    const answers = await asked(0);
    const behind = answers.filter(({ found }) => 'passed' in found);
    expect(behind.map(({ id }) => id)).toEqual(['database.release']);
    expect(answers).toContainEqual({
      id: 'probes.database-login',
      found: expect.objectContaining({ message: expect.stringContaining('behind a release') }),
    });
  });

  test('D2: in a run whose definition prepares no database, holds up nothing', async () => {
    const answers = await asked(0, false);
    expect(answers.filter(({ found }) => 'passed' in found)).toEqual([]);
  });
});

describe('the door', () => {
  const credentials = { accessKeyId: 'ASIA', secretAccessKey: 'secret', sessionToken: 'token' };
  const healthy = () => ({ Payload: Buffer.from(JSON.stringify(healthyDoor(tenantId).answers)) });
  const tried = (lambda: FakeClient, signing?: Error, asked = () => {}) => {
    const { tenant, decoy } = new FakeProbes(aSubject());
    const refusing = signing ? { ...decoy, signLogin: () => Promise.reject(signing) } : decoy;
    return tryDoor({ lambda, subject: aSubject(), tenant, decoy: refusing, now: Date.now, asked });
  };

  test('tells when the request is on its way, once', async () => {
    const [lambda, sent]: [FakeClient, number[]] = [new FakeClient({ InvokeCommand: healthy() }), []];
    await tried(lambda, undefined, () => sent.push(lambda.sent.length));
    expect(sent).toEqual([1]);
  });

  test('a decoy that cannot sign leaves its own question open; a throttled one is asked again', async () => {
    const lambda = new FakeClient({ InvokeCommand: healthy() });
    const door = await tried(lambda, new Unanswered('role of the decoy cannot be assumed'));
    expect(door.unsent).toEqual({ decoy: 'role of the decoy cannot be assumed' });
    const throttled = awsError('ThrottlingException');
    await expect(tried(lambda, throttled)).rejects.toBe(throttled);
  });

  test('is tried by the function of the tenant’s cell, with one call, and nothing secret without TLS', async () => {
    const lambda = new FakeClient({ InvokeCommand: healthy() });
    const door = await tried(lambda);
    expect(door.answers.own).toEqual({ outcome: 'accepted' });
    expect(lambda.sent).toHaveLength(1);
    const [{ FunctionName, Payload }] = lambda.inputs('InvokeCommand') as [{ FunctionName: string; Payload: string }];
    expect(FunctionName).toBe(`tenant-onboarding-AskDatabase-${aCell().name}`);
    type Logins = { name: string; encrypted: boolean; password: string }[];
    const { others, replica }: { others: Logins; replica: { others: Logins } } = JSON.parse(Payload);
    const { answers } = healthyDoor(tenantId);
    expect(others.map(({ name }) => name)).toEqual(Object.keys(answers.others));
    expect(replica.others.map(({ name }) => name)).toEqual(Object.keys(answers.replica?.others ?? {}));
    for (const { encrypted, password } of [...others, ...replica.others])
      if (!encrypted) expect(password).toBe('no-secret');
  });

  test.each([
    ['a cell without the function', awsError('ResourceNotFoundException'), 'has no function AskDatabase'],
    [
      'a function that was killed',
      { FunctionError: 'Unhandled', Payload: Buffer.from('{"errorType":"Sandbox.Timedout"}') },
      'AskDatabase of cell',
    ],
  ])('%s leaves the questions open', async (_, answered, words) => {
    const failure = await tried(new FakeClient({ InvokeCommand: answered })).catch((thrown: unknown) => thrown);
    expect(failure).toBeInstanceOf(Unanswered);
    expect(failure).toMatchObject({ message: expect.stringContaining(words) });
  });

  test('an expired token differs from one of the SDK in its time only', async () => {
    const at = new Date('2026-03-01T12:00:00Z');
    jest.useFakeTimers({ now: at });
    try {
      const login = { hostname: 'db.example', port: 5432, username: application, region: REGION, credentials };
      expect(await loginTokenOf(login, at)).toBe(await new Signer(login).getAuthToken());
    } finally {
      jest.useRealTimers();
    }
  });
});
