import { type Command, InvalidArgumentError, Option } from 'commander';
import { isVisible } from '../functions/contract/signup';

/** Refuses a blank argument, for example from an unset shell variable. */
export function nonBlank(argument: string): string {
  if (isVisible(argument)) return argument;
  throw new InvalidArgumentError('It is empty.');
}

/** An option that means nothing without one of the others. */
class Dependent extends Option {
  constructor(
    flags: string,
    description: string,
    readonly needs: readonly string[],
  ) {
    super(flags, description);
  }
}

/** @param needs names of options, one of which must be given, too */
export const onlyWith = (needs: readonly [string, ...string[]], flags: string, description: string): Option =>
  new Dependent(flags, description, needs);

const isGiven = (command: Command, name: string) => command.getOptionValueSource(name) === 'cli';

/** Refuses an option that would be ignored: who gives it expects that it does something. */
export function refuseIgnored(command: Command): void {
  for (const option of command.options) {
    if (!(option instanceof Dependent) || !isGiven(command, option.attributeName())) continue;
    if (option.needs.some((name) => isGiven(command, name))) continue;
    const others = option.needs.map((name) => `'--${name}'`).join(' or ');
    command.error(`error: option '${option.flags}' does nothing without ${others}`);
  }
}

/** Option `--tenant` of the operators' commands. */
export const tenantOption = (names = 'subdomain, host or page, tenant id or signup id') =>
  new Option('--tenant <name>', names).argParser(nonBlank);

export const TENANT_OF_ANY_TIME = 'current or former subdomain, host or page, tenant id or signup id';
