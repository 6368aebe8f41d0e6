import {
  type SharedScene,
  type SharedTechnique,
  sharedBreaches,
  sharedTarget,
  trySharedTechnique,
} from '../sabotage/surroundings-target';
import { SURROUNDINGS_TECHNIQUES } from '../sabotage/techniques/surroundings';
import { TRUSTEE_TECHNIQUES } from '../sabotage/techniques/trustees';
import { testOnGround } from '../support/sabotage-tests';

testOnGround<SharedScene, SharedTechnique>([...TRUSTEE_TECHNIQUES, ...SURROUNDINGS_TECHNIQUES], async (platform) => {
  const target = await sharedTarget(platform);
  return {
    scene: target,
    ask: () => sharedBreaches(target),
    alone: (technique) => trySharedTechnique(target, technique),
  };
});
