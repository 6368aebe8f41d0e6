import { accessSync, constants, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { isVisible } from '../functions/contract/signup';

/** Refuses a blank argument, for example from an unset shell variable. */
export function nonBlank(argument: string): string {
  if (isVisible(argument)) return argument;
  throw new InvalidArgumentError('It is empty.');
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Refuses a file that cannot be written, before the command does anything whose result belongs into it. */
export function fileToWrite(argument: string): string {
  nonBlank(argument);
  const found = statSync(argument, { throwIfNoEntry: false });
  if (found?.isDirectory()) throw new InvalidArgumentError('Expected a file, and it is a folder.');
  if (isWritable(found ? argument : dirname(argument))) return argument;
  throw new InvalidArgumentError('Expected a file that can be written, in a folder that exists.');
}

/** Reads a whole number. @param least the smallest one that is accepted */
export const wholeNumber =
  (least: number) =>
  (argument: string): number => {
    const number = Number(argument);
    if (/^\d+$/.test(argument) && number >= least) return number;
    throw new InvalidArgumentError(`Expected a whole number, ${least} or more.`);
  };

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
