import { setTimeout as pause } from 'node:timers/promises';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { type Workflow, workflowNamed } from '../../functions/contract/workflows';
import { requireNoRelease } from '../../infra/release-under-way';
import type { Version } from '../../local/service-versions';
import { newSignup } from '../../local/signups';
import { JUDGED } from './judged-trials';
import { SCALING } from './scaling-trials';
import { image, meanwhile, of, type Trial, untilTenantsBake } from './trial';

/** Releases that a trial begins until it has stopped one in time: some states take milliseconds. */
const STOPS = 5;

/** The execution is stopped at a state, and redriven. */
const stopped = (state: string, version: Version = 'good', expected = 'completed'): Trial => ({
  ...{ fault: 'execution stopped, then redriven', phase: state, expected },
  ...(version === 'good' ? {} : { mayExpose: true as const }),
  run: async (stage) => {
    for (let begun = 0; begun < STOPS; begun++) {
      const { digest, executionArn } = await of(stage, version);
      const inTime = await stage.stopAt(executionArn, state);
      await pause(300);
      if (inTime) return { digest, run: await stage.redrive(executionArn) };
    }
    throw new Error(`${STOPS} releases ended before they could be stopped at ${state}`);
  },
});

/** A release that was returned is redriven, with the image that failed. */
const startedOver = (state: string): Trial => ({
  ...{ fault: 'execution stopped, then redriven', phase: state, expected: 'ReleaseUnhealthy', mayExpose: true },
  run: async (stage) => {
    const { digest, executionArn } = await of(stage, 'customers’ pages fail now and then');
    await stage.follow(executionArn);
    return { digest, run: await stage.redrive(executionArn) };
  },
});

/**
 * One trial for each state of the machine, on the way forward and on the way back. The conclusion
 * ends the execution by itself.
 */
function stoppedAtEachState({ forward, undos, failure, conclusion }: Workflow): Trial[] {
  return [
    ...Object.keys(forward).map((state) => stopped(state)),
    ...Object.keys({ ...undos, ...failure })
      .filter((state) => state !== conclusion)
      .map((state) => stopped(state, 'customers’ pages fail now and then', 'ReleaseUnhealthy')),
    ...(conclusion ? [startedOver(conclusion)] : []),
  ];
}

export const TRIALS: readonly Trial[] = [
  image('good', 'all', 'completed'),
  image('crashes', 'FillColour', 'ReleaseFillFailed'),
  image('sick', 'FillColour', 'ReleaseFillFailed'),
  image('pages fail', 'ProbeColour', 'ReleaseUnhealthy'),
  image('growth pages fail', 'ProbeColour', 'ReleaseUnhealthy'),
  // The probes of ProbeColour find none of these: the health check is well. Ring 0 does, and no customer meets them.
  image('pages fail now and then', 'JudgeRing, ring 0', 'ReleaseUnhealthy'),
  image('pages fail behind their rule', 'JudgeRing, ring 0', 'ReleaseUnhealthy'),
  image('customers’ pages fail now and then', 'JudgeRing', 'ReleaseUnhealthy', true),
  {
    ...{ fault: 'image: absent', phase: 'PrepareTask', expected: 'ImageUnusable' },
    run: async (stage) => {
      const digest = `sha256:${'0'.repeat(64)}`;
      return { digest, run: await stage.follow(await stage.begin(digest, 'absent')) };
    },
  },
  ...JUDGED,
  ...SCALING,
  ...stoppedAtEachState(workflowNamed('TenantRelease')),
  meanwhile('fifty starts at once', 'ClaimRelease', 'completed', async (stage) => {
    const digest = await stage.push('good');
    await pause(500);
    const starts = await Promise.all(
      Array.from({ length: 50 }, (_, index) => stage.beginUnasked(digest, `many-${index}`)),
    );
    const ends = await Promise.all(starts.map((executionArn) => stage.follow(executionArn)));
    const told = ends.filter(({ failure }) => failure?.error === 'ReleaseUnderWay');
    if (told.length !== ends.length) throw new Error(`${ends.length - told.length} more releases had the cell`);
  }),
  meanwhile('ModifyRule is throttled for six seconds', 'ShiftRing', 'completed', (stage) =>
    stage.control('throttle', { service: 'elasticloadbalancing', action: 'ModifyRule', seconds: 6 }),
  ),
  // One more than a client repeats a request: the state calls ShiftRing again.
  meanwhile('the answers of four changes of rules are lost', 'ShiftRing', 'completed', (stage) =>
    stage.control('answers', { service: 'elasticloadbalancing', action: 'ModifyRule', times: 4 }),
  ),
  meanwhile("the event of the deployment's end is lost", 'FillColour', 'completed', async (stage) => {
    await stage.control('deliveries', { source: 'aws.ecs', detailType: '*', deliveries: 0, times: 3 });
    await pause(4_000);
    await stage.keepCells();
  }),
  meanwhile('every event of the deployment comes twice', 'FillColour', 'completed', (stage) =>
    stage.control('deliveries', { source: 'aws.ecs', detailType: '*', deliveries: 2, times: 3 }),
  ),
  meanwhile('a tenant is onboarded', 'BakeRing', 'completed', async (stage) => {
    const subdomain = `late-${Date.now()}`;
    await stage.signups.onboardWell(newSignup({ companyName: 'Late GmbH', subdomain, plan: 'growth' }));
  }),
  {
    ...{ fault: 'a tenant is suspended, then resumed', phase: 'BakeRing', expected: 'completed' },
    run: async (stage) => {
      const subdomain = `paused-${Date.now()}`;
      await stage.signups.onboardWell(newSignup({ companyName: 'Paused GmbH', subdomain, plan: 'growth' }));
      const { digest, executionArn } = await of(stage, 'good');
      await untilTenantsBake(stage, executionArn);
      await stage.client.suspend(subdomain, 'drill');
      // Only a verification since then admits the tenant again.
      await stage.client.verify(subdomain);
      await stage.client.resume(subdomain);
      return { digest, run: await stage.follow(executionArn) };
    },
  },
  meanwhile('the same image is released again', 'BakeRing', 'completed', async (stage, executionArn) => {
    await untilTenantsBake(stage, executionArn);
    const { digest } = (await stage.claim()) ?? { digest: '' };
    const { how } = await stage.releases.start(stage.cell, { digest, releaseId: 'again' });
    if (how !== 'nothing') throw new Error('a second release was started');
    const { failure } = await stage.follow(await stage.beginUnasked(digest, 'again'));
    if (failure?.error !== 'ReleaseUnderWay') throw new Error(`the second release ended ${failure?.error}`);
  }),
  meanwhile('somebody deploys the stage', 'BakeRing', 'completed', async (stage, executionArn) => {
    await untilTenantsBake(stage, executionArn);
    const clients = { cloudformation: new CloudFormationClient(stage.platform.aws), table: stage.client.table.client };
    const refused = await requireNoRelease(clients, [stage.cell]).catch(({ message }: Error) => message);
    if (!refused?.includes('release')) throw new Error('the deployment was not refused');
  }),
  meanwhile('an operator takes it back', 'BakeRing', 'ReleaseRecalled', async (stage, executionArn) => {
    await untilTenantsBake(stage, executionArn);
    await stage.releases.steer(stage.cell, 'back');
  }),
  meanwhile('an operator holds it, then lets it go on', 'BakeRing', 'completed', async (stage, executionArn) => {
    await untilTenantsBake(stage, executionArn);
    await stage.releases.steer(stage.cell, 'hold');
    await pause(3_000);
    await stage.releases.steer(stage.cell, 'go');
  }),
  {
    ...{ fault: 'an operator goes back after the end', phase: 'grace', expected: 'completed' },
    run: async (stage) => {
      const { digest, executionArn } = await of(stage, 'good');
      await stage.follow(executionArn);
      const steering = await stage.releases.steer(stage.cell, 'back');
      if (steering.how !== 'started') throw new Error(`going back was ${steering.how}`);
      return { digest, run: await stage.follow(steering.executionArn) };
    },
  },
];
