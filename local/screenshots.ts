import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CloudWatchLogsClient, CreateLogGroupCommand } from '@aws-sdk/client-cloudwatch-logs';
import { Command } from 'commander';
import type { Browser, Page } from 'playwright-core';
import type { Signup } from '../functions/contract/signup';
import { StageClient } from '../operations/client/stage-client';
import { runCommand } from '../operations/command';
import { bundlePage } from '../operations/console/bundle-page';
import { startConsole } from '../operations/console/console-server';
import { localConnection } from '../operations/stage-connection';
import { launchBrowser } from './browser';
import { takeDemoStill } from './demo-still';
import { logGroupInTheWay } from './mishap';
import { startPlatform } from './platform';
import { newSignup } from './signups';

const IMAGES = join(__dirname, '../docs/images');
const SIZE = { width: 1280, height: 800 };
/** A run is drawn from top to bottom. */
const TALL = { width: 1280, height: 1330 };

const COMPANIES = [
  { companyName: 'Acme GmbH', subdomain: 'acme', plan: 'enterprise' },
  { companyName: 'Müller & Söhne', subdomain: 'mueller', plan: 'growth' },
  { companyName: 'Globex Corporation', subdomain: 'globex', plan: 'enterprise' },
] as const;
/** A leftover log group makes its database stack fail. */
const FAILING = newSignup({ companyName: 'Nordlicht Reisen KG', subdomain: 'nordlicht' });
/** Still under way when the list is shown. */
const LATE = newSignup({ companyName: 'Initech', subdomain: 'initech', plan: 'growth' });

/** Tenants in every state that an operator meets often. */
async function populate(client: StageClient): Promise<void> {
  await new CloudWatchLogsClient(client.stage.aws).send(new CreateLogGroupCommand(logGroupInTheWay(FAILING.signupId)));
  const onboard = async (signup: Signup) => client.follow((await client.signUp(signup)).executionArn);
  await Promise.all([...COMPANIES.map(newSignup), FAILING].map(onboard));
  await client.suspend('globex', 'Invoice 2026-1107 is not paid.');
}

async function save(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(IMAGES, `${name}.png`) });
  console.log(`docs/images/${name}.png`);
}

/** The list, a failed tenant, and a tenant's evidence. */
async function take(page: Page, client: StageClient): Promise<void> {
  await client.signUp(LATE);
  await page.getByRole('link', { name: LATE.companyName }).waitFor();
  await save(page, 'console-tenants');
  await page.getByRole('link', { name: FAILING.companyName }).click();
  await page.getByText('What to do:').waitFor();
  await page.setViewportSize(TALL);
  await page.getByRole('button', { name: /^ConcludeFailure/ }).waitFor();
  await save(page, 'console-failed-tenant');
  await page.setViewportSize(SIZE);
  await page.goto(`${page.url().split('#')[0]}#/tenants/acme?tab=evidence`);
  await page.frameLocator('iframe').getByRole('heading').first().waitFor();
  await save(page, 'console-evidence');
}

async function takeConsole(browser: Browser, signal: AbortSignal): Promise<void> {
  const [platform, files] = await Promise.all([startPlatform({ signal }), bundlePage()]);
  try {
    const client = new StageClient(localConnection(platform.outputs));
    await populate(client);
    const running = await startConsole({ client, stage: 'local', files });
    const page = await browser.newPage({ viewport: SIZE, timezoneId: 'Europe/Berlin' });
    await page.goto(running.url);
    await take(page, client);
    await running.stop();
  } finally {
    await platform.stop();
  }
}

/** Makes the README's pictures from the running product: the console, and the end of the demo. */
async function main(signal: AbortSignal): Promise<number> {
  new Command('screenshots').description('Makes the pictures of docs/images from the running product.').parse();
  await mkdir(IMAGES, { recursive: true });
  const browser = await launchBrowser();
  try {
    await takeConsole(browser, signal);
    await takeDemoStill(await browser.newPage(), join(IMAGES, 'demo.png'), signal);
    console.log('docs/images/demo.png');
    return 0;
  } finally {
    await browser.close();
  }
}

runCommand(main);
