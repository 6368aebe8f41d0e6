import { accessSync, constants, existsSync, mkdirSync, statSync } from 'node:fs';
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

const found = (path: string) => {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
};

/** Refuses a file that cannot be written, before the command does anything whose result belongs into it. */
export function fileToWrite(argument: string): string {
  const file = found(nonBlank(argument));
  if (file?.isDirectory()) throw new InvalidArgumentError('Expected a file, and it is a folder.');
  const folder = dirname(argument);
  if (file ? isWritable(argument) : found(folder)?.isDirectory() && isWritable(folder)) return argument;
  throw new InvalidArgumentError('Expected a file that can be written, in a folder that exists.');
}

/** One folder after the other: mkdir with `recursive` never returns below a folder like /proc, which takes none. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  try {
    mkdirSync(path);
  } catch (thrown) {
    // Another process may have made it meanwhile.
    if (!existsSync(path)) throw thrown;
  }
}

/** The same of a file whose folder is made, before the command does anything that would have to be undone. */
export function fileInNewFolder(argument: string): string {
  try {
    makeFolder(dirname(nonBlank(argument)));
  } catch (thrown) {
    if (thrown instanceof InvalidArgumentError) throw thrown;
    throw new InvalidArgumentError('Expected a file in a folder that exists or can be made.');
  }
  return fileToWrite(argument);
}

/** Reads a whole number. @param least the smallest one that is accepted */
export const wholeNumber =
  (least: number) =>
  (argument: string): number => {
    const number = Number(argument);
    if (/^\d+$/.test(argument) && number >= least) return number;
    throw new InvalidArgumentError(`Expected a whole number, ${least} or more.`);
  };

/** Reads the number of a port to listen at. */
export function portNumber(argument: string): number {
  const port = Number(argument);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new InvalidArgumentError('Expected a port: 1 to 65535.');
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
