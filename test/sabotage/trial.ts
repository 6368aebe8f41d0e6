import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import type { Answer } from '../../functions/isolation/report';
import { type SourceClients, sourceClients, sourcesOf } from '../../functions/isolation/sources';
import { verify } from '../../functions/isolation/verify';
import type { Platform } from '../../local/platform';
import { newSignup } from '../../local/signups';
import { follow } from '../../operations/executions';
import type { Sabotage, Scene } from './scene';
import { asVerifier, subjectOfRun } from './verified-tenant';

/** A tenant to spoil, and the clients of VerifyIsolation's role, by which it is looked at. */
export interface Trial extends Scene {
  readonly verifier: SourceClients;
}

export interface Verdict {
  readonly sabotage: string;
  /** The check that is meant to find it. */
  readonly check: string;
  /** Every check that failed. */
  readonly foundBy: readonly string[];
  /** The check that is meant to find it did, and its evidence names what had been done. */
  readonly found: boolean;
  /** What that check saw. */
  readonly evidence: string;
  readonly cause: string;
  /** What still fails after mending, in words: an alarm without a cause. */
  readonly falseAlarms: readonly string[];
  readonly seconds: number;
}

/** Onboards a tenant. @throws Error when it does not become ACTIVE */
export async function startTrial(platform: Platform, subdomain: string): Promise<Trial> {
  const { aws, outputs } = platform;
  const machines = new SFNClient(aws);
  const input = JSON.stringify(newSignup({ companyName: subdomain, subdomain }));
  const { executionArn = '' } = await machines.send(
    new StartExecutionCommand({ stateMachineArn: outputs.stateMachineArn, input }),
  );
  const { status, failure } = await follow(machines, executionArn);
  if (status !== 'SUCCEEDED') throw new Error(`no tenant to spoil: ${failure?.error} ${failure?.reason}`);
  const { endpoint, region } = aws;
  return {
    subject: await subjectOfRun(platform, executionArn),
    root: sourceClients(aws),
    aws,
    verifier: sourceClients({ endpoint, region, credentials: await asVerifier(platform) }),
  };
}

/** Asks the whole catalogue. @returns the checks that failed */
export async function breaches({ subject, verifier }: Trial): Promise<Answer[]> {
  const { checks } = await verify(subject, sourcesOf(verifier, subject), () => new Date());
  return checks.filter(({ passed }) => !passed);
}

/** Spoils a healthy tenant, looks at it, mends it and looks again. @throws Error when it cannot be spoiled this way */
export async function tryOut(trial: Trial, { name, check, how }: Sabotage): Promise<Verdict> {
  const began = performance.now();
  const { cause, mend } = await how(trial).catch((thrown: unknown) => {
    throw new Error(`cannot ${name}: ${thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : thrown}`);
  });
  const seen = await breaches(trial).finally(mend);
  const seconds = (performance.now() - began) / 1000;
  const evidence = seen.find(({ id }) => id === check)?.evidence ?? 'nothing';
  return {
    sabotage: name,
    check,
    foundBy: seen.map(({ id }) => id),
    found: evidence.includes(cause),
    evidence,
    cause,
    falseAlarms: (await breaches(trial)).map((answer) => `${answer.id}: ${answer.evidence}`),
    seconds,
  };
}
