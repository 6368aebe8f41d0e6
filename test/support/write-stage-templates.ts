import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildAll } from '../../infra/build';
import { STAGES } from '../../infra/config/stages';
import { synthesizeStage } from './stage-synthesis';
import { SYNTHESIS_ENDED } from './stage-templates';

/**
 * Writes what the synthesis of each stage says into a folder, `STAGE.json`; a file comes into being as a whole. At its end, by
 * an error too, it says that nothing more comes.
 */
const [folder = ''] = process.argv.slice(2);
process.on('exit', () => writeFileSync(join(folder, SYNTHESIS_ENDED), ''));
buildAll().then(() => {
  for (const stage of STAGES) {
    const file = join(folder, `${stage}.json`);
    writeFileSync(`${file}.new`, JSON.stringify(synthesizeStage(stage)));
    renameSync(`${file}.new`, file);
  }
});
