import { Command } from 'commander';
import * as z from 'zod';
import { runAlias } from './alias';
import { EXIT } from './ops/exit';
import { ordersIn, ReleaseOptions, release, releaseOptions } from './ops/releasing';

runAlias(
  releaseOptions(
    new Command('release')
      .description(
        'Brings an image of the shared service to all tenants, ring by ring, one cell after another; or shows how releases stand.',
      )
      .option('--status', 'tells how cells, releases and tenants stand; so does the command alone'),
  ),
  ReleaseOptions.extend({ status: z.boolean().default(false) }).refine(
    ({ status, ...given }) => ordersIn(given) + Number(status) <= 1,
    'give one of --image, --status, --hold, --go, --back and --retry',
  ),
  async (ops, given) => {
    const code = await release(ops, given);
    return code === EXIT.nothing && given.image === undefined ? EXIT.done : code;
  },
);
