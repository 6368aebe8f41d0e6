import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const FILE = join(__dirname, '../../emulator/ministack_patches/cloudformation/handler_permissions.yaml');

/** By resource type, what CloudFormation calls with the stack's role. The emulator asks the role for the same. */
export const HANDLER_PERMISSIONS: Readonly<Record<string, readonly string[]>> = parse(readFileSync(FILE, 'utf8'));
