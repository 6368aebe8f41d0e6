import pc from 'picocolors';
import { runCommand } from '../operations/command';
import { localConnection } from '../operations/stage-connection';
import { closingTable } from './closing-table';
import { became, disappointments } from './expectations';
import { playLeads } from './leads';
import { viewOn } from './live-view';
import { playMishap } from './mishap';
import { startPlatform } from './platform';
import { watcherOn } from './progress-text';
import { playReleases } from './rollout';
import { playScenario } from './scenario';

/**
 * Shows the whole product at work, on an emulator of its own.
 *
 * @returns 0 only when every signup ended as expected
 */
async function main(signal: AbortSignal): Promise<number> {
  const view = viewOn(process.stdout);
  const say = (text: string) => view.say(text);
  say('Starting an AWS emulator with IAM enforcement, and deploying the platform to it ...');
  const platform = await startPlatform({ signal, log: (line) => say(`  ${line}`) });
  try {
    const stage = localConnection(platform.outputs);
    const options = { watcher: watcherOn(view), signal, say };
    say('\nThree companies sign up at once; then a duplicate, a taken subdomain and a malformed signup.');
    const six = await playScenario(stage, options);
    view.settle();
    say('\nA seventh company signs up. A leftover log group makes its database stack fail.');
    const outcomes = [...six, ...(await playMishap(stage, options))];
    view.settle();
    say(
      '\nA visitor of each company sends the form of its page; each company reads its leads with a token of its own.',
    );
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
  } finally {
    await platform.stop();
  }
}

runCommand(main);
