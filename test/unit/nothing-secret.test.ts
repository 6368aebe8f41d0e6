import * as z from 'zod';
import * as events from '../../functions/contract/events';
import * as onboarding from '../../functions/contract/onboarding';
import { aSignup } from '../support/builders';
import { type LogLine, logLines } from '../support/log-lines';
import { LOGIN_TOKEN, MASTER, SESSION, TenantWorld } from '../support/tenant-world';

let lines: LogLine[];
beforeEach(() => {
  lines = logLines();
});
afterEach(() => jest.restoreAllMocks());

/** Names of all properties of a schema, however deep. */
function propertiesOf(schema: z.ZodType): string[] {
  const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  const walk = (value: unknown): string[] => {
    if (typeof value !== 'object' || value === null) return [];
    const own =
      'properties' in value && typeof value.properties === 'object' ? Object.keys(value.properties ?? {}) : [];
    return [...own, ...Object.values(value).flatMap(walk)];
  };
  return walk(json);
}

/** An ARN says where a secret is, not what it is. */
const SECRET = /(?:password|passphrase|secret|credential|private_?key|access_?key|session_?token)(?!.*arn$)/i;

const schemas = Object.entries({ ...onboarding, ...events }).flatMap(([name, exported]) =>
  exported instanceof z.ZodType ? [[name, exported] as const] : [],
);

describe('the contract has no place for a secret', () => {
  test.each(schemas)('%s', (name, schema) => {
    const properties = propertiesOf(schema);
    expect(properties.filter((property) => SECRET.test(property))).toEqual([]);
    // A task's token is for the functions that store it, and the customer's address for the record.
    if (!['LaunchStackInput', 'DeleteStackInput'].includes(name)) expect(properties).not.toContain('taskToken');
    expect(properties).not.toContain('contactEmail');
  });

  test('the search finds the secrets that it has to find', () => {
    const leaky = z.object({ stacks: z.array(z.object({ masterPassword: z.string(), secretArn: z.string() })) });
    expect(propertiesOf(leaky).filter((property) => SECRET.test(property))).toEqual(['masterPassword']);
    expect(schemas.length).toBeGreaterThan(20);
  });
});

/** What nobody but its holder may read: a session's keys, a task's token, the customer's address. */
const CANARIES = [...Object.values(SESSION), MASTER.password, LOGIN_TOKEN, 'token-canary', aSignup().contactEmail];
const found = (where: unknown) => CANARIES.filter((canary) => JSON.stringify(where).includes(canary));

describe('a whole run', () => {
  const runs = {
    'that ends ACTIVE': (world: TenantWorld) => world.onboard(),
    'that is rolled back': async (world: TenantWorld) => {
      await world.onboard();
      world.deactivate();
      await world.rollBack();
    },
    'whose session is refused': async (world: TenantWorld) => {
      world.s3.before = (command) => {
        if (command === 'PutObjectCommand') throw Object.assign(new Error('no'), { name: 'AccessDenied', ...SESSION });
      };
      await expect(world.onboard()).rejects.toThrow();
      await world.rollBack();
    },
  };

  it.each(Object.entries(runs))(
    '%s shows none in logs, outputs or events, nor keeps a session’s keys',
    async (_, run) => {
      const world = new TenantWorld();
      await run(world);
      expect(lines.length).toBeGreaterThan(8);
      expect(found(lines)).toEqual([]);
      expect(world.outputs.length).toBeGreaterThan(8);
      expect(found(world.outputs)).toEqual([]);
      expect(found(world.bus.events)).toEqual([]);
      const kept = JSON.stringify([...world.table.items.values()]);
      for (const key of Object.values(SESSION)) expect(kept).not.toContain(key);
    },
  );

  it('a secret in a log would be found', async () => {
    await new TenantWorld().onboard();
    expect(found([...lines, { message: 'step.done', event: aSignup() }])).toEqual([aSignup().contactEmail]);
  });
});
