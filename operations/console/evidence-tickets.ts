import { randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';

const TICKET_MS = 60_000;

/**
 * Evidence pages on their way into an iframe, which cannot send the token. The address of each works
 * once: neither the browser's history nor another program finds anything there later.
 */
export class EvidenceTickets {
  private readonly pages = new LRUCache<string, string>({ max: 20, ttl: TICKET_MS });

  /** @returns the path at which the page is answered once */
  issue(html: string): string {
    const ticket = randomBytes(32).toString('base64url');
    this.pages.set(ticket, html);
    return `/evidence/${ticket}`;
  }

  /** @returns undefined when the ticket was used, has expired or never existed */
  redeem(ticket: string): string | undefined {
    const html = this.pages.get(ticket);
    this.pages.delete(ticket);
    return html;
  }
}
