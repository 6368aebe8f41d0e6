import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { Route53ResolverClient } from '@aws-sdk/client-route53resolver';
import { findAlarms } from '../../functions/isolation/facts/find-alarms';
import type { Answer } from '../../functions/isolation/report';
import { type SourceClients, sourceClients, sourcesOf } from '../../functions/isolation/sources';
import { resolverAssociations } from '../../functions/isolation/surroundings/resolver-associations';
import { verify } from '../../functions/isolation/verify';
import type { Platform } from '../../local/platform';
import { newSignup, Signups } from '../../local/signups';
import { localConnection } from '../../operations/stage-connection';
import type { Scene } from './technique';
import type { Ground } from './together';
import { asVerifier, subjectOfRun } from './verified-tenant';

/**
 * A tenant to attack, and clients with the credentials of AuditTenant's role, which verify it.
 */
export interface Target extends Scene {
  readonly verifier: SourceClients;
  /** Waits until all that was changed counts everywhere. */
  readonly settle: () => Promise<void>;
}

/** Onboards a tenant. @throws Error when it does not become ACTIVE */
export async function startTarget(platform: Platform, subdomain: string): Promise<Target> {
  const { aws, outputs } = platform;
  const signups = new Signups(localConnection(outputs));
  const { executionArn } = await signups.onboardWell(newSignup({ companyName: subdomain, subdomain }));
  const { endpoint, region } = aws;
  const credentials = await asVerifier(platform);
  return {
    subject: await subjectOfRun(platform, executionArn),
    root: { ...sourceClients(aws), cloudwatch: new CloudWatchClient(aws) },
    aws,
    verifier: {
      ...sourceClients({ endpoint, region, credentials }),
      findAlarms: findAlarms(new CloudWatchClient({ endpoint, region, credentials })),
      // An audit has asked for it, with a role of its own.
      resolver: () => resolverAssociations(new Route53ResolverClient(aws)),
    },
    settle: platform.emulator.settle,
  };
}

/** Runs all checks of the catalogue. @returns those that failed */
export async function breaches({ subject, verifier, settle }: Target): Promise<Answer[]> {
  await settle();
  const { checks } = await verify(subject, sourcesOf(verifier, subject), () => new Date());
  return checks.filter(({ passed }) => !passed);
}

/** The ground on which techniques are tried on the tenant. */
export const groundOf = (target: Target): Ground<Scene> => ({
  scene: target,
  ask: (believed = target.subject) => breaches({ ...target, subject: believed }),
});
