import { tenantIdOf } from '../../../functions/contract/naming';
import type { TenantRecord } from '../../../functions/contract/records';
import { organizationOf } from '../../../functions/key/organization';
import { INDEX_LAG } from '../../../functions/key/tenant-keys';
import { anExecution, aTenant, NOW } from '../../support/builders';
import { dieAtEachCall } from '../../support/deaths';
import { kmsError } from '../../support/fake-keys';
import { KeyScene } from '../../support/key-scene';

const { tenantId, signupId } = aTenant();

/** The one key that a finished step leaves, whatever happened before. */
function expectOneKey(scene: KeyScene): void {
  expect(scene.kms.living()).toHaveLength(1);
  const [key] = scene.kms.living();
  expect(key).toMatchObject({ KeyState: 'Enabled', rotates: true, tags: { tenantId } });
  expect(scene.aliased).toBe(key);
}

describe('CreateTenantKey', () => {
  it('makes a key that rotates, has the tenant’s tags and alias, and is on the tenant’s record', async () => {
    const scene = new KeyScene();
    const key = await scene.create();
    expectOneKey(scene);
    expect(key).toEqual({ keyArn: scene.aliased?.Arn, aliasName: `alias/tenants/${tenantId}` });
    expect(scene.aliased?.tags).toEqual({ tenantId, signupId, managedBy: 'tenant-onboarding' });
    expect(scene.record.keyRequestedAt).toBe(NOW);
  });

  it('binds the key to the organization where the account is in one', async () => {
    const scene = new KeyScene();
    scene.organization = { Organization: { Id: 'o-acme' } };
    await scene.create();
    expect(JSON.stringify(scene.aliased?.Policy)).toContain('"aws:PrincipalOrgID":"o-acme"');
  });

  it('K5: reads the organization from the stage’s configuration, and calls no Organizations API', async () => {
    const scene = new KeyScene();
    scene.organization = kmsError('AccessDeniedException', 'not yours');
    await scene.create(anExecution(), {
      ...scene.deps,
      organizationId: organizationOf(scene.deps.organizations, 'o-configured'),
    });
    expect(JSON.stringify(scene.aliased?.Policy)).toContain('"aws:PrincipalOrgID":"o-configured"');
  });

  it('makes no key when it cannot find out whether there is an organization', async () => {
    const scene = new KeyScene();
    scene.organization = kmsError('AccessDeniedException', 'not yours');
    await expect(scene.create()).rejects.toMatchObject({ name: 'AccessDeniedException' });
    expect(scene.kms.keys).toEqual([]);
  });

  it.each(['DescribeKeyCommand', 'DescribeOrganizationCommand'])(
    'F12: while %s is throttled no key is requested, so nobody waits for the tag index to show one',
    async (throttled) => {
      const scene = new KeyScene();
      for (const fake of scene.fakes)
        fake.before = (command) => {
          if (command === throttled) throw kmsError('ThrottlingException', 'Rate exceeded');
        };
      await expect(scene.create()).rejects.toMatchObject({ name: 'ThrottlingException' });
      expect(scene.record.keyRequestedAt).toBeUndefined();
      for (const fake of scene.fakes) fake.before = () => {};
      scene.pass(1);
      await scene.create();
      expectOneKey(scene);
    },
  );

  it('names an alias on a key that it may not read', async () => {
    const scene = new KeyScene();
    for (const fake of scene.fakes)
      fake.before = (command) => {
        if (command === 'DescribeKeyCommand') throw kmsError('AccessDeniedException', 'not authorized on key/other');
      };
    await expect(scene.create()).rejects.toMatchObject({
      name: 'KeyUnusable',
      message: expect.stringMatching(
        `alias/tenants/${tenantId} is on a key that CreateTenantKey may not read.*key/other`,
      ),
    });
    expect(scene.kms.keys).toEqual([]);
  });

  it('leaves the policy of another tenant’s key alone, which has the alias', async () => {
    const scene = new KeyScene();
    await scene.create();
    const [key] = scene.kms.living();
    if (!key) throw new Error('no key');
    const policy = key.Policy;
    Object.assign(key, { Description: `Data of tenant ${tenantIdOf('sub_other')}` });
    scene.pass(1);
    await expect(scene.create()).rejects.toMatchObject({ name: 'KeyUnusable' });
    expect(key.Policy).toBe(policy);
  });

  it('accepts the key of an earlier attempt', async () => {
    const scene = new KeyScene();
    const first = await scene.create();
    scene.pass(1);
    await expect(scene.create()).resolves.toEqual(first);
    expectOneKey(scene);
  });

  it('finishes with one key after its death at each call, retried at once or later', async () => {
    const deaths = await dieAtEachCall(
      () => {
        const scene = new KeyScene();
        return { scene, fakes: [scene.table, ...scene.fakes], run: scene.create };
      },
      async ({ scene }) => {
        scene.pass(1);
        await scene.create().catch((thrown: Error) => {
          expect(thrown.name).toBe('TransientNotYetVisible');
          scene.pass(INDEX_LAG / 1000);
          return scene.create();
        });
        expectOneKey(scene);
      },
    );
    expect(deaths).toEqual(expect.arrayContaining(['after CreateKeyCommand', 'after CreateAliasCommand']));
  });

  it('waits for a key that a crash has hidden from all but the tag index, and uses it', async () => {
    const scene = new KeyScene({ keyRequestedAt: NOW });
    scene.kms.indexing = false;
    const hidden = scene.leftover();
    scene.pass(5);
    await expect(scene.create()).rejects.toMatchObject({ name: 'TransientNotYetVisible' });
    scene.kms.index();
    await expect(scene.create()).resolves.toMatchObject({ keyArn: hidden.Arn });
    expectOneKey(scene);
  });

  it('makes a key when the tag index shows none after its delay', async () => {
    const scene = new KeyScene({ keyRequestedAt: NOW });
    scene.pass(INDEX_LAG / 1000 + 1);
    await scene.create();
    expectOneKey(scene);
  });

  it.each([
    ['EnableKeyRotationCommand', 'NotFoundException', 'key-1 is not found'],
    ['EnableKeyRotationCommand', 'DisabledException', 'key-1 is disabled.'],
    ['CreateAliasCommand', 'NotFoundException', 'key-1 is not found'],
    [
      'CreateKeyCommand',
      'MalformedPolicyDocumentException',
      'Policy contains a statement with one or more invalid principals.',
    ],
  ])(
    'T4: is called again after %s has answered %s for minutes, and ends with one key',
    async (command, name, message) => {
      const scene = new KeyScene();
      scene.kms.before = (called) => {
        if (called === command) throw kmsError(name, message);
      };
      for (let minute = 0; minute < 5; minute++) {
        await expect(scene.create()).rejects.toMatchObject({
          name: 'TransientNotYetVisible',
          message: `${name}: ${message}`,
        });
        scene.pass(60);
      }
      scene.kms.before = () => {};
      await scene.create();
      expectOneKey(scene);
    },
  );

  it.each(['EnableKeyCommand', 'PutKeyPolicyCommand'])(
    'T4: is called again while KMS does not show to %s the key that it takes over',
    async (command) => {
      const scene = new KeyScene();
      scene.leftover({ KeyState: 'PendingDeletion' }, { alias: true });
      scene.kms.before = (called) => {
        if (called === command) throw kmsError('NotFoundException', 'key-1 is not found');
      };
      await expect(scene.create()).rejects.toMatchObject({ name: 'TransientNotYetVisible' });
      scene.kms.before = () => {};
      await scene.create();
      expectOneKey(scene);
    },
  );

  it('T4: recreates the alias of a retired key, which KMS may show although it was deleted', async () => {
    const scene = new KeyScene();
    scene.leftover({ KeyState: 'PendingDeletion' }, { alias: true });
    scene.kms.before = (called) => {
      if (called === 'CancelKeyDeletionCommand') scene.kms.aliases.clear();
    };
    await scene.create();
    expectOneKey(scene);
  });

  it('T4: removes its note when KMS refuses the policy, so the next attempt need not wait for the tag index', async () => {
    const scene = new KeyScene();
    scene.kms.before = (called) => {
      if (called === 'CreateKeyCommand') throw kmsError('MalformedPolicyDocumentException', 'invalid principals');
    };
    await expect(scene.create()).rejects.toMatchObject({ name: 'TransientNotYetVisible' });
    expect(scene.record).not.toHaveProperty('keyRequestedAt');
  });

  it('T5: waits two minutes for the tag index before it makes a second key', async () => {
    const scene = new KeyScene({ keyRequestedAt: NOW });
    scene.kms.indexing = false;
    scene.leftover();
    scene.pass(119);
    await expect(scene.create()).rejects.toMatchObject({ name: 'TransientNotYetVisible' });
    scene.kms.index();
    await scene.create();
    expectOneKey(scene);
  });

  it('makes a new key beside keys that earlier runs have retired', async () => {
    const scene = new KeyScene({ keyRequestedAt: NOW });
    scene.leftover({ KeyState: 'PendingDeletion' });
    scene.leftover({ KeyState: 'PendingDeletion' });
    scene.pass(INDEX_LAG / 1000 + 1);
    await scene.create();
    expectOneKey(scene);
  });

  it.each(['Disabled', 'PendingDeletion'] as const)('enables an aliased key that is %s', async (KeyState) => {
    const scene = new KeyScene();
    scene.leftover({ KeyState }, { alias: true });
    await scene.create();
    expectOneKey(scene);
  });

  it('brings the policy of a found key up to date', async () => {
    const scene = new KeyScene();
    const old = scene.leftover({}, { alias: true });
    await scene.create();
    expect(old.Policy.Statement.length).toBeGreaterThan(0);
  });

  it('refuses a key that cannot be enabled again', async () => {
    const scene = new KeyScene();
    scene.leftover({ KeyState: 'PendingImport' }, { alias: true });
    await expect(scene.create()).rejects.toMatchObject({ name: 'KeyUnusable' });
  });

  it('accepts an alias whose creation was not answered', async () => {
    const scene = new KeyScene();
    let repeated = false;
    const { send } = scene.kms;
    Object.assign(scene.kms, {
      send: async (command: object) => {
        const answer = await send(command);
        // The SDK repeats the request of its own accord, and hears that the alias exists.
        if (command.constructor.name !== 'CreateAliasCommand' || repeated) return answer;
        repeated = true;
        return send(command);
      },
    });
    await scene.create();
    expect(repeated).toBe(true);
    expectOneKey(scene);
  });

  it('is called again when the alias has moved to another key meanwhile', async () => {
    const scene = new KeyScene();
    scene.kms.before = (command) => {
      if (command !== 'CreateAliasCommand') return;
      scene.kms.before = () => {};
      scene.leftover({}, { alias: true });
    };
    await expect(scene.create()).rejects.toMatchObject({ name: 'TransientConflict' });
  });

  it.each(['EnableKeyRotationCommand', 'CreateAliasCommand'])(
    'is called again when %s does not find the new key yet',
    async (early) => {
      const scene = new KeyScene();
      scene.kms.before = (command) => {
        if (command === early) throw kmsError('NotFoundException', 'no such key');
      };
      await expect(scene.create()).rejects.toMatchObject({ name: 'TransientNotYetVisible' });
    },
  );

  describe('when CreateKey fails', () => {
    const failing = async (thrown: Error) => {
      const scene = new KeyScene();
      scene.kms.before = (command) => {
        if (command === 'CreateKeyCommand') throw thrown;
      };
      await expect(scene.create()).rejects.toBe(thrown);
      scene.kms.before = () => {};
      return scene;
    };

    it.each([
      ['refuses', kmsError('AccessDeniedException', 'no')],
      ['throttles', kmsError('ThrottlingException', 'slower')],
    ])('KMS %s: the next attempt need not wait for a key', async (_, thrown) => {
      const scene = await failing(thrown);
      expect(scene.record).not.toHaveProperty('keyRequestedAt');
      scene.pass(1);
      await scene.create();
      expectOneKey(scene);
    });

    it.each([
      ['KMS breaks down', kmsError('KMSInternalException', 'oops', 500)],
      ['no answer comes', Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' })],
    ])('%s: the next attempt waits for a key that may exist', async (_, thrown) => {
      const scene = await failing(thrown);
      expect(scene.record.keyRequestedAt).toBe(NOW);
    });
  });

  it.each<[string, Partial<TenantRecord>]>([
    ['another execution’s', { executionArn: anExecution('second') }],
    ['rolling back', { status: 'ROLLING_BACK' }],
    ['ACTIVE', { status: 'ACTIVE', activatedAt: NOW }],
  ])('changes no key of a tenant that is %s', async (_, record) => {
    const scene = new KeyScene(record);
    const retired = scene.leftover({ KeyState: 'PendingDeletion' }, { alias: true });
    await expect(scene.create()).rejects.toMatchObject({ name: 'ClaimLost' });
    expect(retired).toMatchObject({ KeyState: 'PendingDeletion', rotates: false });
    expect(scene.kms.keys).toHaveLength(1);
  });
});
