import { tenantIdOf, tenantNames } from '../../../functions/contract/naming';
import { itemKeys } from '../../../functions/contract/records';
import { rotateMasterSecret } from '../../../functions/database/rotate-master-secret';
import { rotationSessions } from '../../../functions/database/rotation-sessions';
import { ACCOUNT_ID, aSignup, REGION } from '../../support/builders';
import { awsError, FakeClient } from '../../support/fake-client';
import { SESSION, TenantWorld } from '../../support/tenant-world';

const tenantId = tenantIdOf(aSignup().signupId);
const SecretId = `arn:aws:secretsmanager:${REGION}:${ACCOUNT_ID}:secret:${tenantNames.secret(tenantId)}-AbCdEf`;
const ClientRequestToken = 'a-version-of-thirty-two-characters';
const STEPS = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const;

interface Version {
  value: string | undefined;
  stages: string[];
}

/** A secret and its database: what the tenant's role reads is what the database takes, or the rotation is broken. */
class RotationScene {
  readonly versions = new Map<string, Version>([
    [
      'first',
      { value: JSON.stringify({ username: 'tenant_admin', password: 'old', host: 'db' }), stages: ['AWSCURRENT'] },
    ],
    [ClientRequestToken, { value: undefined, stages: ['AWSPENDING'] }],
  ]);
  password = 'old';
  /** Whether RDS has answered and not yet applied. */
  waiting: string | undefined;
  asksForToken = false;
  readonly pauses: number[] = [];
  readonly world = new TenantWorld();

  private version(find: { VersionId?: string; VersionStage?: string }): Version | undefined {
    if (find.VersionId) return this.versions.get(find.VersionId);
    return [...this.versions.values()].find(({ stages }) => stages.includes(find.VersionStage ?? 'AWSCURRENT'));
  }

  readonly secrets = new FakeClient({
    DescribeSecretCommand: () => ({
      VersionIdsToStages: Object.fromEntries([...this.versions].map(([id, { stages }]) => [id, stages])),
    }),
    GetSecretValueCommand: (input: { VersionId?: string; VersionStage?: string }) => {
      const value = this.version(input)?.value;
      return value === undefined ? awsError('ResourceNotFoundException') : { SecretString: value };
    },
    PutSecretValueCommand: (input: { ClientRequestToken: string; SecretString: string; VersionStages: string[] }) => {
      const earlier = this.versions.get(input.ClientRequestToken)?.value;
      if (earlier !== undefined && earlier !== input.SecretString) return awsError('ResourceExistsException');
      this.versions.set(input.ClientRequestToken, { value: input.SecretString, stages: input.VersionStages });
      return {};
    },
    UpdateSecretVersionStageCommand: (input: { MoveToVersionId: string; RemoveFromVersionId: string }) => {
      const [to, from] = [input.MoveToVersionId, input.RemoveFromVersionId].map((id) => this.versions.get(id));
      if (!to || !from?.stages.includes('AWSCURRENT')) return awsError('InvalidParameterException');
      to.stages.push('AWSCURRENT');
      from.stages = ['AWSPREVIOUS'];
      return {};
    },
  });
  readonly rds = new FakeClient({
    DescribeDBInstancesCommand: () => ({
      DBInstances: [
        {
          DBInstanceIdentifier: tenantNames.database(tenantId),
          Endpoint: { Address: 'db', Port: 5432 },
          PendingModifiedValues: this.waiting === undefined ? {} : { MasterUserPassword: '****' },
        },
      ],
    }),
    ModifyDBInstanceCommand: (input: { MasterUserPassword: string }) => {
      this.waiting = input.MasterUserPassword;
      return {};
    },
  });
  readonly lambda = new FakeClient({
    InvokeCommand: ({ Payload }: { Payload: string }) => {
      const { others, own } = JSON.parse(Payload);
      const refused = (code: string) => ({ outcome: 'refused', code, message: 'no' });
      const accepted = !own && others[0].password === this.password ? { outcome: 'accepted' } : refused('28P01');
      const master = this.asksForToken ? refused('28000') : accepted;
      const answer = { own: { outcome: 'unreached', reason: '' }, others: { master }, powers: {}, facts: {} };
      return { Payload: Buffer.from(JSON.stringify(answer)) };
    },
  });
  readonly sts = new FakeClient({ AssumeRoleCommand: { Credentials: SESSION } });

  readonly deps = {
    table: this.world.table,
    sessionOf: rotationSessions(
      { accountId: ACCOUNT_ID, sts: this.sts, secretsAs: () => this.secrets, rdsAs: () => this.rds },
      () => this.clock,
    ),
    lambda: this.lambda,
    pause: async (ms: number) => {
      this.pauses.push(ms);
      if (this.pauses.length === this.appliesAfter) this.apply();
    },
  };
  appliesAfter = 2;
  clock = 0;

  apply(): void {
    this.password = this.waiting ?? this.password;
    this.waiting = undefined;
  }

  step(Step: (typeof STEPS)[number]) {
    return rotateMasterSecret.run(this.deps, { SecretId, ClientRequestToken, Step });
  }
  /** As Secrets Manager does it. */
  async rotate(): Promise<void> {
    for (const step of STEPS) await this.step(step);
  }
  /** The password that readers of the secret get. */
  get current(): string {
    return JSON.parse(this.version({})?.value ?? '{}').password;
  }
}

async function aScene(): Promise<RotationScene> {
  const scene = new RotationScene();
  await scene.world.onboard();
  return scene;
}

test('of two functions that make the version at once, the second takes the password of the first', async () => {
  const scene = await aScene();
  // The first function, which Secrets Manager has given up, puts its password between the second one's reading and writing.
  let puts = 0;
  scene.secrets.before = (command) => {
    if (command === 'PutSecretValueCommand' && puts++ === 0)
      scene.versions.set(ClientRequestToken, {
        value: JSON.stringify({ username: 'tenant_admin', password: 'of the first', host: 'db' }),
        stages: ['AWSPENDING'],
      });
  };
  await scene.rotate();
  expect([scene.current, scene.password]).toEqual(['of the first', 'of the first']);
});

test('the secret has the new password when the database has it, and keeps what RDS has put into it', async () => {
  const scene = await aScene();
  for (const step of STEPS.slice(0, 3)) {
    await scene.step(step);
    expect(scene.current).toBe('old');
  }
  expect(scene.pauses).toEqual([500, 1_000]);
  await scene.step('finishSecret');
  expect(scene.current).toBe(scene.password);
  expect(scene.password).toMatch(/^[\w-]{40}$/);
  expect(JSON.parse(scene.versions.get(ClientRequestToken)?.value ?? '')).toMatchObject({
    username: 'tenant_admin',
    host: 'db',
  });
  expect(scene.versions.get('first')?.stages).toEqual(['AWSPREVIOUS']);
});

test('each session is of this tenant alone, by the one role that may rotate', async () => {
  const scene = await aScene();
  await scene.rotate();
  for (const input of scene.sts.inputs('AssumeRoleCommand'))
    expect(input).toMatchObject({
      RoleArn: `arn:aws:iam::${ACCOUNT_ID}:role/tenant-onboarding-rotation`,
      Tags: [{ Key: 'tenantId', Value: tenantId }],
    });
});

test('the steps of a rotation share a session, and one of two minutes later has its own', async () => {
  const scene = await aScene();
  await scene.rotate();
  expect(scene.sts.sent).toHaveLength(1);
  scene.clock = 120_000;
  await scene.rotate();
  expect(scene.sts.sent).toHaveLength(2);
});

test('a password that was just made is set without a login, and one that may be set already is tried first', async () => {
  const scene = await aScene();
  const tried = () => scene.lambda.sent.length;
  await scene.step('createSecret');
  await scene.step('setSecret');
  expect([tried(), scene.rds.inputs('ModifyDBInstanceCommand').length]).toEqual([0, 1]);
  scene.apply();
  await scene.step('setSecret');
  expect([tried(), scene.rds.inputs('ModifyDBInstanceCommand').length]).toEqual([1, 1]);
});

test('a password that an earlier step has made is not read again, and one of another process is', async () => {
  const scene = await aScene();
  const read = () => scene.secrets.inputs('GetSecretValueCommand').length;
  await scene.step('createSecret');
  const before = read();
  await scene.step('setSecret');
  scene.apply();
  await scene.step('testSecret');
  expect(read()).toBe(before);
  scene.clock = 120_000;
  await scene.step('testSecret');
  expect(read()).toBe(before + 1);
});

test('no tenant gets the session of another one', async () => {
  const sts = new FakeClient({ AssumeRoleCommand: { Credentials: SESSION } });
  const sessionOf = rotationSessions({ accountId: ACCOUNT_ID, sts, secretsAs: () => sts, rdsAs: () => sts });
  const [one, other] = [await sessionOf('t1'), await sessionOf('t2')];
  expect(one).not.toBe(other);
  expect(sts.inputs('AssumeRoleCommand').map(({ Tags }) => Tags)).toEqual(
    ['t1', 't2'].map((Value) => [{ Key: 'tenantId', Value }]),
  );
});

test.each(['before', 'after'] as const)('a rotation that is killed %s any of its calls is taken up', async (when) => {
  let killed = 1;
  for (; ; killed++) {
    const scene = await aScene();
    const fakes = [scene.secrets, scene.rds, scene.lambda];
    let made = 0;
    for (const fake of fakes)
      fake[when] = () => {
        made += 1;
        if (made === killed) throw new Error('killed');
      };
    const ended = await scene.rotate().catch((thrown: Error) => thrown.message);
    if (ended === undefined) break;
    expect(ended).toBe('killed');
    for (const fake of fakes) fake[when] = () => {};
    scene.apply();
    await scene.rotate();
    expect([killed, scene.current]).toEqual([killed, scene.password]);
    expect(scene.password).not.toBe('old');
    const told = new Set(scene.rds.inputs('ModifyDBInstanceCommand').map((each) => each.MasterUserPassword));
    expect(told.size).toBe(1);
  }
  expect(killed).toBeGreaterThan(12);
});

test('a rotation that has finished is finished again without any effect', async () => {
  const scene = await aScene();
  await scene.rotate();
  const told = scene.rds.sent.length;
  await scene.rotate();
  expect(scene.rds.sent).toHaveLength(told);
});

test('a password that does not come into force is a transient error, and the secret keeps the old one', async () => {
  const scene = await aScene();
  scene.appliesAfter = 99;
  await expect(scene.rotate()).rejects.toMatchObject({ name: 'TransientConflict' });
  expect(scene.current).toBe('old');
  expect(scene.pauses.reduce((sum, ms) => sum + ms, 0)).toBeGreaterThan(180_000);
});

test('where the server asks the master user for a token, RDS’s word counts', async () => {
  const scene = await aScene();
  scene.asksForToken = true;
  await scene.rotate();
  expect(scene.pauses).toHaveLength(2);
  expect(scene.current).toBe(scene.password);
});

test('an instance that RDS is changing is a transient error', async () => {
  const scene = await aScene();
  await scene.step('createSecret');
  const { DescribeDBInstancesCommand } = { DescribeDBInstancesCommand: { DBInstances: [{ Endpoint: {} }] } };
  const ModifyDBInstanceCommand = awsError('InvalidDBInstanceState', 'the instance is stopped');
  const rds = new FakeClient({ DescribeDBInstancesCommand, ModifyDBInstanceCommand });
  const run = rotateMasterSecret.run(
    {
      ...scene.deps,
      sessionOf: async () => ({ secrets: scene.secrets, rds, made: new Map(), untold: new Set<string>() }),
    },
    { SecretId, ClientRequestToken, Step: 'setSecret' },
  );
  await expect(run).rejects.toMatchObject({
    name: 'TransientConflict',
    message: expect.stringContaining('InvalidDBInstanceState: the instance is stopped'),
  });
});

test('nothing is done for a tenant that is being undone, or that nobody knows', async () => {
  const scene = await aScene();
  scene.world.become({ status: 'ROLLING_BACK' });
  await scene.rotate();
  scene.world.table.items.delete(`${itemKeys.tenant(tenantId).pk}|TENANT`);
  await scene.rotate();
  expect([...scene.sts.sent, ...scene.secrets.sent]).toEqual([]);
});

test.each([
  `arn:aws:secretsmanager:${REGION}:${ACCOUNT_ID}:secret:billing-AbCdEf`,
  `arn:aws:secretsmanager:${REGION}:${ACCOUNT_ID}:secret:tenants/${tenantId}/other-AbCdEf`,
])('the secret %s is refused', async (other) => {
  const scene = await aScene();
  const run = rotateMasterSecret.run(scene.deps, { SecretId: other, ClientRequestToken, Step: 'createSecret' });
  await expect(run).rejects.toMatchObject({ name: 'InvalidRequest' });
  expect(scene.sts.sent).toEqual([]);
});

test('a version with which no rotation has begun is refused', async () => {
  const scene = await aScene();
  scene.versions.delete(ClientRequestToken);
  await expect(scene.step('createSecret')).rejects.toMatchObject({ name: 'InvalidRequest' });
});
