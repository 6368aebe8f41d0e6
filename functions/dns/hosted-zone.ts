import { Route53Client } from '@aws-sdk/client-route-53';
import { clientOptions } from '../shared/clients';
import { optionalEnv } from '../shared/env';

/**
 * The public hosted zone of the stage's domain. Route 53 takes five requests a second from an
 * account, and one change of a zone at a time ("Quotas" of the Route 53 Developer Guide, error
 * `PriorRequestNotComplete`). Both refusals are throttling for the SDK, so they pass.
 */
export interface HostedZone {
  readonly client: Pick<Route53Client, 'send'>;
  readonly id: string;
}

/** @returns undefined where the stage has no zone: people make the DNS record of its one cell by hand */
export function hostedZone(): HostedZone | undefined {
  const id = optionalEnv('HOSTED_ZONE_ID');
  return id ? { id, client: new Route53Client(clientOptions) } : undefined;
}
