import type { CellDescriptor, Colour } from '../../functions/contract/cell';
import { FakeClient } from './fake-client';

interface Target {
  MinCapacity: number;
  readonly MaxCapacity: number;
  SuspendedState: { DynamicScalingInSuspended: boolean };
}

interface Registered {
  readonly ResourceId: string;
  readonly MinCapacity?: number;
  readonly SuspendedState?: Target['SuspendedState'];
}

/** The scalable targets of a cell's two services. A request changes what it names. */
export class FakeScaling extends FakeClient {
  readonly targets: Record<Colour, Target>;

  constructor({ clusterName, services }: CellDescriptor, MaxCapacity = 30) {
    const fresh = (): Target => ({
      MinCapacity: 2,
      MaxCapacity,
      SuspendedState: { DynamicScalingInSuspended: false },
    });
    const targets = { blue: fresh(), green: fresh() };
    const named = () =>
      (['blue', 'green'] as const).map((colour) => ({
        ResourceId: `service/${clusterName}/${services[colour]}`,
        target: targets[colour],
      }));
    super({
      DescribeScalableTargetsCommand: ({ ResourceIds }: { ResourceIds: string[] }) => ({
        ScalableTargets: named()
          .filter(({ ResourceId }) => ResourceIds.includes(ResourceId))
          .map(({ ResourceId, target }) => ({ ResourceId, ...target })),
      }),
      RegisterScalableTargetCommand: ({ ResourceId, MinCapacity, SuspendedState }: Registered) => {
        const target = named().find((each) => each.ResourceId === ResourceId)?.target;
        if (target && MinCapacity !== undefined) target.MinCapacity = MinCapacity;
        if (target && SuspendedState) target.SuspendedState = SuspendedState;
        return {};
      },
    });
    this.targets = targets;
  }

  /** Of blue and green: the minimum, and whether scaling in is suspended. */
  state(): readonly (readonly [number, boolean])[] {
    return [this.targets.blue, this.targets.green].map(
      ({ MinCapacity, SuspendedState }) => [MinCapacity, SuspendedState.DynamicScalingInSuspended] as const,
    );
  }
}
