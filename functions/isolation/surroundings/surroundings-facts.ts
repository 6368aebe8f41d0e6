import type { Check } from '../check';
import type { CellFacts } from './cell-facts';
import type { CopiesFacts } from './copies-facts';
import type { ImageFacts } from './image-facts';
import type { LoadBalancerFacts } from './load-balancer-facts';
import type { PlatformFacts } from './platform-facts';
import type { PlatformStacks } from './platform-stacks';
import type { PolicyFacts } from './policy-facts';
import type { Surroundings } from './surroundings';
import type { TrusteeFacts } from './trustee-facts';

/** Where the answers about the surroundings come from. */
export interface SurroundingsFacts {
  readonly trustees: TrusteeFacts;
  readonly cell: CellFacts;
  readonly loadBalancer: LoadBalancerFacts;
  readonly images: ImageFacts;
  readonly platform: PlatformFacts;
  readonly policies: PolicyFacts;
  readonly copies: CopiesFacts;
  /** What the platform's templates make: the checks compare AWS with it. */
  readonly stacks: PlatformStacks;
}

export type SurroundingsCheck = Check<Surroundings, SurroundingsFacts>;
