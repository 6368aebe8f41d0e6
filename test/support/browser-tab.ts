import { source as axeSource } from 'axe-core';
import type { Browser, Page } from 'playwright-core';

/** When every animation that ends has ended. A spinner does not. */
const AT_REST = `Promise.allSettled(
  document.getAnimations()
    .filter(({ effect }) => effect.getComputedTiming().endTime !== Infinity)
    .map(({ finished }) => finished),
)`;

/** Told in the page: all that axe-core finds in order would be megabytes. */
const VIOLATIONS = `axe.run({ iframes: false, resultTypes: ['violations'] }).then(({ violations }) =>
  violations.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)].join(' ')),
)`;

/** A tab of the console, and all that went wrong in it. */
export class BrowserTab {
  /** Errors on the browser's console, uncaught errors, and requests to elsewhere. */
  readonly faults: string[] = [];
  /** Bytes of all answers' bodies as they were sent, by path. */
  readonly bytes = new Map<string, number>();

  private constructor(readonly page: Page) {}

  /** @param isExpected which messages of the browser's console a test brings about */
  static async open(
    browser: Browser,
    url: string,
    {
      colorScheme = 'light',
      isExpected = () => false,
    }: {
      readonly colorScheme?: 'light' | 'dark';
      readonly isExpected?: (text: string) => boolean;
    } = {},
  ): Promise<BrowserTab> {
    const context = await browser.newContext({
      viewport: { width: 1280, height: 900 },
      colorScheme,
      reducedMotion: 'reduce',
    });
    const tab = new BrowserTab(await context.newPage());
    const { origin } = new URL(url);
    tab.page.setDefaultTimeout(180_000);
    tab.page.on('pageerror', ({ message }) => tab.faults.push(`uncaught: ${message}`));
    tab.page.on('console', (message) => {
      if (message.type() === 'error' && !isExpected(message.text())) tab.faults.push(`console: ${message.text()}`);
    });
    tab.page.on('request', (request) => {
      if (new URL(request.url()).origin !== origin && !request.url().startsWith('data:'))
        tab.faults.push(`request to ${request.url()}`);
    });
    tab.page.on('requestfinished', async (request) => {
      const { responseBodySize } = await request.sizes().catch(() => ({ responseBodySize: 0 }));
      tab.bytes.set(new URL(request.url()).pathname, responseBodySize);
    });
    await tab.page.goto(url);
    return tab;
  }

  /** Rules of axe-core that the page breaks now, with the elements. Frames are documents of their own. */
  async violations(): Promise<string[]> {
    // A tooltip belongs to no landmark: Cloudscape draws it at the end of the document.
    await this.page.mouse.move(0, 0);
    // A button that appears, or is no longer under the pointer, changes its colours for a moment.
    await this.page.evaluate(AT_REST);
    if (await this.page.evaluate(`typeof axe === 'undefined'`)) await this.page.evaluate(axeSource);
    return await this.page.evaluate<string[]>(VIOLATIONS);
  }

  async close(): Promise<void> {
    await this.page.context().close();
  }
}
