import type { Check, Finding, Sources } from '../../../functions/isolation/check';
import { PROBE_CHECKS } from '../../../functions/isolation/checks/probes';
import type { Known } from '../../../functions/isolation/facts/facts';
import type { AccountWide } from '../../../functions/isolation/facts/kept-account';
import type { DescribedStacks } from '../../../functions/isolation/facts/release-facts';
import type { Newness } from '../../../functions/isolation/newness';
import type { Attempt } from '../../../functions/isolation/probes/attempt';
import type { Subject } from '../../../functions/isolation/subject';
import { verifyIsolation } from '../../../functions/isolation/verify-isolation';
import { type Patience, verifyPatiently } from '../../../functions/isolation/verify-patiently';
import { aCell, aKey, anExecution, aTenant, theStacks } from '../../support/builders';
import { aCheck } from '../../support/evidence';
import { awsError, FakeClient } from '../../support/fake-client';
import { FakeProbes } from '../../support/fake-probes';
import { aStage, aSubject, factsFrom, healthyFacts } from '../../support/isolated-tenant';

const MADE = Date.parse('2030-01-01T12:00:00.000Z');
const ONBOARDING: Newness = { ruleSince: new Date(MADE).toISOString(), roleUnproven: true };
const { decoy } = aCell();
const OWN_KEY = `tenant key round trip ${aKey().keyArn}`;

/** A tenant whose role and rule were made at MADE, and a clock that only pauses move. */
class Scene {
  clock = MADE + 5_000;
  readonly paused: number[] = [];
  /** What the probes of each round were sent, in order. */
  readonly rounds: string[][] = [];
  /** Called before each round; changes what AWS allows by then. */
  before: (round: number, probes: FakeProbes) => void = () => {};
  /** Called with what AWS has in each round. */
  spoil: (round: number, facts: ReturnType<typeof healthyFacts>) => void = () => {};
  newness: Newness | undefined = ONBOARDING;

  readonly patience: Patience = {
    pauses: [1_000, 2_000, 4_000],
    atMost: 60_000,
    pause: async (ms) => {
      this.paused.push(ms);
      this.clock += ms;
    },
    random: () => 1,
  };

  readonly now = () => new Date(this.clock);

  readonly sourcesFor = (): Sources => {
    const subject = aSubject();
    const probes = new FakeProbes(subject);
    this.before(this.rounds.length + 1, probes);
    const sent: string[] = [];
    this.rounds.push(sent);
    const { has } = probes.allowed;
    probes.allowed.has = (probe) => {
      sent.push(probe);
      return has.call(probes.allowed, probe);
    };
    const facts = healthyFacts();
    Object.assign(facts.identity.role, { createdAt: new Date(MADE) });
    this.spoil(this.rounds.length, facts);
    return { facts: factsFrom(facts), probes };
  };

  verify(catalogue: readonly Check[] = PROBE_CHECKS) {
    const { sourcesFor, now, patience, newness } = this;
    return verifyPatiently(aSubject(), { sourcesFor, now, patience, catalogue }, newness);
  }
}

const openIn = ({ checks }: Awaited<ReturnType<Scene['verify']>>) =>
  checks.filter(({ passed }) => !passed).map(({ id, open }) => `${id} ${open ?? 'failed'}`);

test('T1: waits for the denied own-resource probe of a new role, and then repeats only the probes of denials', async () => {
  const scene = new Scene();
  scene.before = (round, { allowed }) => {
    if (round < 3) allowed.delete(OWN_KEY);
  };
  expect(openIn(await scene.verify())).toEqual([]);
  expect(scene.paused).toEqual([1_000, 2_000]);
  expect(scene.rounds[1]).not.toContain(`tenant put ${theStacks().storage.outputs.BucketName}`);
});

test('T1: gives no verdict while the own-resource probe of a new role is denied', async () => {
  const scene = new Scene();
  scene.before = (_, { allowed }) => allowed.delete(OWN_KEY);
  const report = await scene.verify();
  expect(openIn(report)).toEqual(
    ['own-key', 'decoy-key', 'key-from-decoy'].map((name) => `probes.${name} not-visible-yet`),
  );
  expect(report.passed).toBe(false);
  expect(scene.paused).toEqual([1_000, 2_000, 4_000]);
});

test('T1: a denied own-resource probe of a role that is five minutes old is a breach at once; the report says why', async () => {
  const scene = new Scene();
  scene.clock = MADE + 5 * 60_000;
  scene.before = (_, { allowed }) => allowed.delete(OWN_KEY);
  const report = await scene.verify();
  expect(openIn(report)).toContain('probes.own-key failed');
  expect(report.checks.find(({ id }) => id === 'probes.own-key')?.evidence).toMatch(
    /denied: AccessDenied; this is no delay/,
  );
  expect(scene.paused).toEqual([]);
});

test('T1: does not wait for a tenant in service: its role has been allowed before', async () => {
  const scene = new Scene();
  scene.newness = { ...ONBOARDING, roleUnproven: false };
  scene.before = (_, { allowed }) => allowed.delete(OWN_KEY);
  expect(openIn(await scene.verify())).toContain('probes.own-key failed');
  expect(scene.paused).toEqual([]);
});

test('a violation that the second look does not have is none', async () => {
  const scene = new Scene();
  scene.newness = { ...ONBOARDING, roleUnproven: false };
  scene.before = (round, { allowed }) => {
    if (round === 1) allowed.add(`tenant read ${decoy.bucketName}`);
  };
  expect(openIn(await scene.verify())).toEqual([]);
  expect(scene.rounds).toHaveLength(2);
  expect(scene.paused).toEqual([]);
});

test('the second look asks only what has failed, describes the stacks anew, and lists the account anew', async () => {
  const asked: unknown[] = [];
  const scene = new Scene();
  const [stacks, accountWide] = [{} as DescribedStacks, {} as AccountWide];
  const sourcesFor = (_: Subject, known?: Known) => {
    asked.push([known?.stacks, known?.accountWide]);
    return scene.sourcesFor();
  };
  const runs = { fails: 0, passes: 0 };
  const counting = (name: keyof typeof runs, passed: boolean) => async () => {
    runs[name] += 1;
    return { passed, evidence: name };
  };
  const catalogue = [aCheck('key.tag', counting('fails', false)), aCheck('storage.tag', counting('passes', true))];
  const { now, patience } = scene;
  const report = await verifyPatiently(aSubject(), {
    sourcesFor,
    known: { stacks, accountWide },
    now,
    patience,
    catalogue,
  });
  expect(openIn(report)).toEqual(['key.tag failed']);
  expect([runs, asked]).toEqual([
    { fails: 2, passes: 1 },
    [
      [stacks, accountWide],
      [undefined, undefined],
    ],
  ]);
});

test('T1: a violation decides at once, although other answers are not visible yet', async () => {
  const scene = new Scene();
  scene.before = (_, { allowed }) => allowed.delete(OWN_KEY) && allowed.add(`tenant read ${decoy.bucketName}`);
  expect(openIn(await scene.verify())).toContain('probes.decoy-bucket failed');
  expect(scene.paused).toEqual([]);
});

test.each(['NoSuchEntityException', 'NoSuchEntity'])(
  'T1: waits for a role that IAM does not show yet: %s',
  async (name) => {
    const scene = new Scene();
    let reads = 0;
    const role = aCheck('identity.trust', async () => {
      reads += 1;
      if (reads < 3) throw awsError(name);
      return { passed: true, evidence: 'trusted' };
    });
    expect(openIn(await scene.verify([role]))).toEqual([]);
    expect(scene.paused).toEqual([1_000, 2_000]);
  },
);

test('T2: a denial of a new role proves nothing before its own-resource probe was allowed', async () => {
  const scene = new Scene();
  scene.before = (round, { allowed }) => {
    if (round === 1) allowed.delete(OWN_KEY);
    else allowed.add(`tenant use key ${decoy.keyArn}`);
  };
  expect(openIn(await scene.verify())).toEqual(['probes.decoy-key failed']);
  expect(scene.rounds[0]).not.toContain(`tenant use key ${decoy.keyArn}`);
});

test('T2: a denial is probed after the own-resource probe of the same service, in the same session', async () => {
  const scene = new Scene();
  await scene.verify();
  const sent = scene.rounds[0] ?? [];
  const at = (probe: string) => sent.indexOf(probe);
  expect(at(`tenant use key ${decoy.keyArn}`)).toBeGreaterThan(at(OWN_KEY));
  expect(at(`tenant read secret ${decoy.secretArn}`)).toBeGreaterThan(
    at(`tenant read secret ${theStacks().database.outputs.SecretArn}`),
  );
  const bucket = theStacks().storage.outputs.BucketName;
  expect(at(`tenant list ${decoy.bucketName}`)).toBeGreaterThan(at(`tenant read ${bucket}`));
  expect(at(`decoy list ${bucket}`)).toBeGreaterThan(at(`decoy read ${decoy.bucketName}`));
});

test('T2: probes every denial once more at the end when it had to wait for a new role', async () => {
  const scene = new Scene();
  scene.before = (round, { allowed }) => {
    if (round === 1) allowed.delete(OWN_KEY);
    // AWS knows the role's policy for S3 everywhere only now.
    if (round >= 3) allowed.add(`tenant list ${decoy.bucketName}`);
  };
  expect(openIn(await scene.verify())).toEqual(['probes.decoy-bucket failed']);
  expect(scene.rounds).toHaveLength(4);
});

test('T2: repeats no probe when every own-resource probe is allowed at once', async () => {
  const scene = new Scene();
  expect(openIn(await scene.verify())).toEqual([]);
  expect(scene.rounds).toHaveLength(1);
});

describe('T3: a route that has to be closed', () => {
  const answering = (...statuses: number[]) => {
    const scene = new Scene();
    scene.before = (round, { answers }) => {
      answers[aTenant().host] = statuses[Math.min(round, statuses.length) - 1] ?? 0;
    };
    return scene;
  };

  test('is probed until it answers 503', async () => {
    const scene = answering(404, 404, 503);
    expect(openIn(await scene.verify())).toEqual([]);
    expect(scene.paused).toEqual([1_000, 2_000]);
  });

  test('has no verdict while its rule is new', async () => {
    expect(openIn(await answering(404).verify())).toEqual(['probes.host not-visible-yet']);
  });

  test('is a breach when its rule is five minutes old', async () => {
    const scene = answering(404);
    scene.clock = MADE + 5 * 60_000;
    expect(openIn(await scene.verify())).toEqual(['probes.host failed']);
  });

  test('is waited for while the rule of a tenant in service is a minute old', async () => {
    const scene = answering(404);
    scene.newness = { ...ONBOARDING, roleUnproven: false };
    expect(openIn(await scene.verify())).toEqual(['probes.host not-visible-yet']);
    scene.clock = MADE + 60_000;
    expect(openIn(await scene.verify())).toEqual(['probes.host failed']);
  });
});

/** VerifyIsolation over one check, which answers as a test says. */
function onboardingWith(found: Finding, age: number) {
  const s3 = new FakeClient({ PutObjectCommand: {} });
  const facts = healthyFacts();
  Object.assign(facts.identity.role, { createdAt: new Date(MADE) });
  const now = () => new Date(MADE + age);
  const proving = {
    sourcesFor: () => ({ facts: factsFrom(facts) }) as Sources,
    evidence: { bucketName: 'evidence', client: s3 },
    codeVersion: '1.2.3+abc',
    catalogue: [aCheck('probes.own-key', async () => found)],
    patience: { pauses: [1], atMost: 1, pause: async () => {}, random: () => 1 },
    now,
  };
  const stage = aStage();
  const route = { ruleArn: 'rule', registeredAt: ONBOARDING.ruleSince };
  const tenant = { tenant: aTenant(), cell: aCell(), key: aKey(), stacks: theStacks(), route };
  const table = { name: 'tenants', client: new FakeClient({ BatchGetCommand: {}, UpdateCommand: {} }) };
  const verify = () => verifyIsolation.run({ table, stage, proving }, { executionArn: anExecution(), ...tenant });
  return { verify, kept: () => s3.sent.length };
}

const denied: Attempt = { allowed: false, denial: 'AccessDenied' };
const shut: Finding = { passed: false, evidence: `denied: ${denied.denial}`, restsOn: 'role' };

test('T1: an onboarding whose role is not visible yet fails with a transient error, and stores no report', async () => {
  const { verify, kept } = onboardingWith(shut, 10_000);
  await expect(verify()).rejects.toMatchObject({
    name: 'TransientNotYetVisible',
    message: '1 of 1 isolation checks could not be answered: probes.own-key (denied: AccessDenied)',
  });
  expect(kept()).toBe(0);
});

test('T1: an onboarding whose role is still denied when it is no longer new ends in a breach with a report', async () => {
  const { verify, kept } = onboardingWith(shut, 5 * 60_000);
  await expect(verify()).rejects.toMatchObject({ name: 'IsolationBreach' });
  expect(kept()).toBe(2);
});
