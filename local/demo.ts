import { once } from 'node:events';
import { Command } from 'commander';
import pc from 'picocolors';
import * as z from 'zod';
import { StageClient } from '../operations/client/stage-client';
import { runCommand } from '../operations/command';
import { bundlePage } from '../operations/console/bundle-page';
import { startConsole } from '../operations/console/console-server';
import { localConnection, type StageConnection } from '../operations/stage-connection';
import { closingTable } from './closing-table';
import { became, disappointments } from './expectations';
import { playLeads } from './leads';
import { type View, viewOn } from './live-view';
import { playMishap } from './mishap';
import { type Platform, startPlatform } from './platform';
import { watcherOn } from './progress-text';
import { playReleases } from './rollout';
import { playScenario } from './scenario';

const OptionsSchema = z.object({ console: z.boolean().default(false) });

/** Starts the console on the demo's platform. It stays open after the demo, until Ctrl-C. */
async function openConsole(stage: StageConnection, say: (text: string) => void) {
  const running = await startConsole({ client: new StageClient(stage), stage: 'local', files: await bundlePage() });
  say(`\nWatch it in the console, in a browser on this machine:\n\n  ${running.url}`);
  return running;
}

/** Plays the demo on a platform. @returns 0 only when every signup ended as expected */
async function play(platform: Platform, stage: StageConnection, view: View, signal: AbortSignal): Promise<number> {
  const say = (text: string) => view.say(text);
  const options = { watcher: watcherOn(view), signal, say };
  say('\nThree companies sign up at once; then a duplicate, a taken subdomain and a malformed signup.');
  const six = await playScenario(stage, options);
  view.settle();
  say('\nA seventh company signs up. A leftover log group makes its database stack fail.');
  const outcomes = [...six, ...(await playMishap(stage, options))];
  view.settle();
  say('\nA visitor of each company sends the form of its page; each company reads its leads with a token of its own.');
  const wrongLeads = await playLeads(stage, platform.outputs.loadBalancerUrl, outcomes);
  const hosts = outcomes.flatMap(({ run, inventory }) =>
    run.status === 'SUCCEEDED' && inventory?.record ? [inventory.record.host] : [],
  );
  say("\nA new version of the shared service is released, ring by ring, while visitors load every tenant's page.");
  const surprises = await playReleases(platform, stage, [...new Set(hosts)], { signal, say });
  say(`\n${closingTable(outcomes, process.stdout.columns)}\n`);
  const wrong = [...disappointments(outcomes), ...wrongLeads, ...surprises];
  for (const sentence of wrong) say(pc.red(`not as expected: ${sentence}`));
  if (wrong.length > 0) return 1;
  say(pc.green('The new version reached every tenant, the broken one none, and no request of a visitor failed.'));
  say(pc.green(`All ${outcomes.length} outcomes are as expected: ${outcomes.map(became).join(', ')}.`));
  say(pc.green('Each lead is in the database of its own company, and no other company reads it.'));
  return 0;
}

/** Shows the whole product at work, on an emulator of its own. */
async function main(signal: AbortSignal): Promise<number> {
  const command = new Command('demo')
    .description('Shows the whole product at work, on an AWS emulator of its own.')
    .option('--console', 'shows it in the console too, which stays open until Ctrl-C')
    .parse();
  const { console: withConsole } = OptionsSchema.parse(command.opts());
  const view = viewOn(process.stdout);
  const say = (text: string) => view.say(text);
  say('Starting an AWS emulator with IAM enforcement, and deploying the platform to it ...');
  const platform = await startPlatform({ signal, log: (line) => say(`  ${line}`) });
  try {
    const stage = localConnection(platform.outputs);
    const running = withConsole ? await openConsole(stage, say) : undefined;
    try {
      const code = await play(platform, stage, view, signal);
      if (running) say(`\nThe console stays open at ${running.url}\nCtrl-C ends it, and the platform with it.`);
      if (running && !signal.aborted) await once(signal, 'abort');
      return code;
    } finally {
      await running?.stop();
    }
  } finally {
    await platform.stop();
  }
}

runCommand(main);
