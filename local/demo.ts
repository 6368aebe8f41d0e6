import pc from 'picocolors';
import { closingTable } from './closing-table';
import { runCommand } from './command';
import { became, disappointments } from './expectations';
import { viewOn } from './live-view';
import { startPlatform } from './platform';
import { watcherOn } from './progress-text';
import { playScenario } from './scenario';
import { localConnection } from './stage-connection';

/** Shows the whole product at work, on an emulator of its own. @returns 0 only when every outcome is the expected one */
async function main(signal: AbortSignal): Promise<number> {
  const view = viewOn(process.stdout);
  view.say('Starting an AWS emulator with IAM enforcement, and deploying the platform to it ...');
  const platform = await startPlatform({ signal, log: (line) => view.say(`  ${line}`) });
  try {
    view.say('Three companies sign up at once; then a duplicate, a taken subdomain and a malformed signup.\n');
    const outcomes = await playScenario(localConnection(platform.outputs), { watcher: watcherOn(view), signal });
    view.say(`\n${closingTable(outcomes, process.stdout.columns)}`);
    const wrong = disappointments(outcomes);
    for (const sentence of wrong) view.say(pc.red(`not as expected: ${sentence}`));
    if (wrong.length === 0)
      view.say(`\nAll ${outcomes.length} outcomes are as expected: ${outcomes.map(became).join(', ')}.`);
    return wrong.length === 0 ? 0 : 1;
  } finally {
    await platform.stop();
  }
}

runCommand(main);
