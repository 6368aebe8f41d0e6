import type { Answer } from '../../functions/isolation/report';
import { type SourceClients, sourceClients, sourcesOf } from '../../functions/isolation/sources';
import { verify } from '../../functions/isolation/verify';
import type { Platform } from '../../local/platform';
import { newSignup, Signups } from '../../local/signups';
import { localConnection } from '../../operations/stage-connection';
import type { AttackTechnique, Scene } from './technique';
import { asVerifier, subjectOfRun } from './verified-tenant';

/**
 * A tenant to attack, and clients with the credentials of AuditTenant's role, which verify it.
 */
export interface Target extends Scene {
  readonly verifier: SourceClients;
  /** Waits until all that was changed counts everywhere. */
  readonly settle: () => Promise<void>;
}

export interface Verdict {
  readonly technique: string;
  /** The check that must find it. */
  readonly check: string;
  /** Every check that failed. */
  readonly foundBy: readonly string[];
  /** The check failed, and its evidence names the change. */
  readonly found: boolean;
  /** The evidence of that check. */
  readonly evidence: string;
  readonly expectedEvidence: string;
  /** Checks that still fail after the revert, with their evidence. */
  readonly falseAlarms: readonly string[];
  readonly seconds: number;
}

/** Onboards a tenant. @throws Error when it does not become ACTIVE */
export async function startTarget(platform: Platform, subdomain: string): Promise<Target> {
  const { aws, outputs } = platform;
  const signups = new Signups(localConnection(outputs));
  const { executionArn } = await signups.onboardWell(newSignup({ companyName: subdomain, subdomain }));
  const { endpoint, region } = aws;
  return {
    subject: await subjectOfRun(platform, executionArn),
    root: sourceClients(aws),
    aws,
    verifier: sourceClients({ endpoint, region, credentials: await asVerifier(platform) }),
    settle: platform.emulator.settle,
  };
}

/** Runs all checks of the catalogue. @returns those that failed */
export async function breaches({ subject, verifier, settle }: Target): Promise<Answer[]> {
  await settle();
  const { checks } = await verify(subject, sourcesOf(verifier, subject), () => new Date());
  return checks.filter(({ passed }) => !passed);
}

/**
 * Detonates a technique, verifies the tenant, reverts and verifies again. @throws Error when the
 * detonation fails
 */
export async function tryTechnique(target: Target, { name, check, detonate }: AttackTechnique): Promise<Verdict> {
  const began = performance.now();
  const {
    expectedEvidence,
    revert,
    believed = target.subject,
  } = await detonate(target).catch((thrown: unknown) => {
    throw new Error(`cannot ${name}: ${thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : thrown}`);
  });
  const seen = await breaches({ ...target, subject: believed }).finally(revert);
  const seconds = (performance.now() - began) / 1000;
  const evidence = seen.find(({ id }) => id === check)?.evidence ?? 'nothing';
  return {
    technique: name,
    check,
    foundBy: seen.map(({ id }) => id),
    found: evidence.includes(expectedEvidence),
    evidence,
    expectedEvidence,
    falseAlarms: (await breaches(target)).map((answer) => `${answer.id}: ${answer.evidence}`),
    seconds,
  };
}
