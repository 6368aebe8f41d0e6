import type { Compute, Live, ReadableCells } from '../../functions/compute/compute';
import type { CellDescriptor, Colour } from '../../functions/contract/cell';
import { PlatformError } from '../../functions/contract/errors';
import { aCell } from './builders';

/** Cells of which none is damaged. */
export const readable =
  (...cells: CellDescriptor[]) =>
  async (): Promise<ReadableCells> => ({ cells, damaged: new Map() });

/** Shared compute in memory: cells, which colour of each is live, and which services serve nobody. */
export class FakeCompute implements Compute {
  /** Live colour by the cell's name; blue where nothing is said. */
  readonly liveColours: Record<string, Colour> = {};
  /** Names of services that serve nobody, and ARNs of target groups without a healthy target. */
  readonly unhealthy = new Set<string>();
  /** Called before each method, by its name; may throw, or change what is live. */
  before: (method: string) => void = () => {};
  /** Called after each method; may throw, as if the answer was lost. */
  after: (method: string) => void = () => {};

  /** @param damaged names of listed cells whose descriptors nobody can read */
  constructor(
    readonly listed: CellDescriptor[] = [aCell()],
    readonly damaged = new Set<string>(),
  ) {}

  async cells(): Promise<readonly CellDescriptor[]> {
    return this.answer('cells', () => this.listed);
  }

  async readableCells(): Promise<ReadableCells> {
    return this.answer('readableCells', () => {
      const [damaged, cells] = [true, false].map((is) =>
        this.listed.filter(({ name }) => this.damaged.has(name) === is),
      );
      const reason = (name: string) => new PlatformError('ConfigurationInvalid', `SSM parameter of ${name}: damaged`);
      return { cells: cells ?? [], damaged: new Map(damaged?.map(({ name }) => [name, reason(name)])) };
    });
  }

  async live({ name }: CellDescriptor): Promise<Live> {
    return this.answer('live', () => ({ colour: this.liveColours[name] ?? 'blue' }));
  }

  async requireHealthyService({ services }: CellDescriptor, colour: Colour): Promise<void> {
    this.answer('requireHealthyService', () => {
      const name = services[colour];
      if (this.unhealthy.has(name))
        throw new PlatformError('TransientServiceUnsteady', `service ${name}: no task runs`);
    });
  }

  async requireHealthyTarget({ targetGroupArns }: CellDescriptor, colour: Colour): Promise<void> {
    this.answer('requireHealthyTarget', () => {
      const arn = targetGroupArns[colour];
      if (this.unhealthy.has(arn)) throw new PlatformError('TransientServiceUnsteady', `${arn} has no healthy target`);
    });
  }

  private answer<T>(method: keyof Compute, find: () => T): T {
    this.before(method);
    const found = find();
    this.after(method);
    return found;
  }
}
