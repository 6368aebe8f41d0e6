import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import { tenantIdOf, tenantNames } from '../../functions/contract/naming';
import type { Signup } from '../../functions/contract/signup';
import { newSignup } from '../../local/signups';
import type { RunningStage } from '../support/running-stage';

/** Where a tenant stands when a release is deployed over it. */
export const POSITIONS = [
  'active',
  'suspended',
  'held',
  'launching',
  'rolling-back',
  'rolled-back',
  'stopped-launching',
  'stopped-undoing',
] as const;
export type Position = (typeof POSITIONS)[number];

export interface Positioned {
  readonly position: Position | 'begun-meanwhile';
  readonly signup: Signup;
  readonly tenantId: string;
  readonly host: string;
  readonly executionArn: string;
  /**
   * How each end of the execution reads, from the deployment on: a redrive stands between one and
   * the next. Before the first there is none for a run that is under way.
   */
  readonly endsAs: readonly string[];
}

const ROLLED_BACK = 'FAILED StackFailed';
const ENDS: Readonly<Record<Position, readonly string[]>> = {
  active: [],
  suspended: [],
  held: ['SUCCEEDED'],
  launching: ['SUCCEEDED'],
  'rolling-back': [ROLLED_BACK, 'SUCCEEDED'],
  'rolled-back': ['SUCCEEDED'],
  'stopped-launching': ['SUCCEEDED'],
  'stopped-undoing': [ROLLED_BACK, 'SUCCEEDED'],
};
/** Positions whose run is under way: it ends without a redrive. */
export const isUnderWay = (position: string) => ['launching', 'rolling-back', 'begun-meanwhile'].includes(position);
/** The one that only a stage with `onFailure: 'hold'` has. */
export const HELD = 'held';

/** Brings tenants into their positions, and begins the runs of that time. */
export class Positions {
  constructor(
    private readonly stage: RunningStage,
    private readonly prefix: string,
  ) {}

  async bring(position: Position): Promise<Positioned> {
    const signup = this.signup(position);
    const tenantId = tenantIdOf(signup.signupId);
    const executionArn = await this.into(position, signup, tenantId);
    return this.positioned(position, signup, executionArn, ENDS[position]);
  }

  /** Begins a run, and waits for nothing. */
  async begin(label: string): Promise<Positioned> {
    const signup = this.signup(label);
    return this.positioned('begun-meanwhile', signup, await this.stage.begin(signup), ['SUCCEEDED']);
  }

  private signup(label: string): Signup {
    return newSignup({ companyName: `Company ${label}`, subdomain: `${this.prefix}-${label}` });
  }

  private positioned(
    position: Positioned['position'],
    signup: Signup,
    executionArn: string,
    endsAs: readonly string[],
  ): Positioned {
    const host = `${signup.subdomain}.${this.stage.connection.domain}`;
    return { position, signup, tenantId: tenantIdOf(signup.signupId), host, executionArn, endsAs };
  }

  /** @returns the execution's ARN, as soon as the run stands there */
  private async into(position: Position, signup: Signup, tenantId: string): Promise<string> {
    const stack = (kind: 'access' | 'database' | 'network') => tenantNames.stack(tenantId, kind);
    const loses = (name: string, status: string) =>
      this.stage.control('stack-faults', { stack: name, status, deliveries: 0, times: 1 });
    const accessFails = () =>
      this.stage.control('stack-faults', {
        stack: stack('access'),
        resource: '*',
        on: 'create',
        reason: 'no luck',
        times: 1,
      });
    switch (position) {
      case 'active':
        return await this.ended(signup, 'SUCCEEDED');
      case 'suspended': {
        const executionArn = await this.ended(signup, 'SUCCEEDED');
        await this.stage.client.suspend(tenantId, 'a release is deployed');
        return executionArn;
      }
      case 'held':
      case 'rolled-back':
        await accessFails();
        return await this.ended(signup, ROLLED_BACK);
      case 'launching':
        await loses(stack('database'), 'CREATE_COMPLETE');
        return await this.in(signup, 'LaunchDatabase');
      case 'rolling-back': {
        await accessFails();
        await loses(stack('network'), 'DELETE_COMPLETE');
        const release = await this.stage.hold('delete', stack('network'), 'Vpc');
        const executionArn = await this.in(signup, 'DeleteNetwork');
        await release();
        return executionArn;
      }
      case 'stopped-launching': {
        await loses(stack('database'), 'CREATE_COMPLETE');
        const executionArn = await this.in(signup, 'LaunchDatabase');
        await this.stage.sfn.send(new StopExecutionCommand({ executionArn }));
        return executionArn;
      }
      case 'stopped-undoing': {
        await accessFails();
        return await this.stage.stoppedIn(signup, 'RetireTenantKey');
      }
    }
  }

  private async in(signup: Signup, state: string): Promise<string> {
    const executionArn = await this.stage.begin(signup);
    await this.stage.waits(executionArn, state);
    return executionArn;
  }

  private async ended(signup: Signup, expected: string): Promise<string> {
    const end = await this.stage.follow(await this.stage.begin(signup));
    const said = [end.status, end.failure?.error].filter(Boolean).join(' ');
    if (said !== expected) throw new Error(`${signup.subdomain} ended as ${said}: ${end.failure?.reason ?? ''}`);
    return end.executionArn;
  }
}
