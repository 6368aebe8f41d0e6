import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { STAGES } from '../../infra/config/stages';
import { synthesizeStage } from './stage-synthesis';

/** Writes the templates of each stage into a folder, `STAGE.json`; a file comes into being as a whole. */
const [folder = ''] = process.argv.slice(2);
for (const stage of STAGES) {
  const file = join(folder, `${stage}.json`);
  writeFileSync(`${file}.new`, JSON.stringify(synthesizeStage(stage).templates));
  renameSync(`${file}.new`, file);
}
