import type { CellDescriptor, Colour } from '../contract/cell';
import { env } from '../shared/env';
import { type Answered, loadBalancerProbe } from './load-balancer-probe';

/**
 * Asks a colour through its own rule, whatever is live: for its health, or whether it serves the page
 * of a tenant. No visitor's request takes this way.
 */
export type ColourProbe = (cell: CellDescriptor, colour: Colour, host?: string) => Promise<Answered>;

/**
 * The colour's rule matches `COLOUR.CELL.DOMAIN` and `/healthz`. Over TLS the certificate is asked for
 * under a name with one label, as the certificate covers `*.DOMAIN` alone.
 */
export const probeColour: ColourProbe = (cell, colour, host) => {
  const domain = env('DOMAIN');
  const path = host === undefined ? '/healthz' : `/healthz?host=${encodeURIComponent(host)}`;
  return loadBalancerProbe(cell.loadBalancerUrl, `release-probe.${domain}`)(`${colour}.${cell.name}.${domain}`, path);
};
