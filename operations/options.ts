import { InvalidArgumentError, Option } from 'commander';
import { isVisible } from '../functions/contract/signup';

/** Refuses a blank argument, for example from an unset shell variable. */
export function nonBlank(argument: string): string {
  if (isVisible(argument)) return argument;
  throw new InvalidArgumentError('It is empty.');
}

/** Option `--tenant` of the operators' commands. */
export const tenantOption = (names = 'subdomain, host or page, tenant id or signup id') =>
  new Option('--tenant <name>', names).argParser(nonBlank);

export const TENANT_OF_ANY_TIME = 'current or former subdomain, host or page, tenant id or signup id';
