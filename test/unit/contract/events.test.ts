import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type * as z from 'zod';
import {
  SignupConflictSchema,
  TenantOnboardedSchema,
  TenantOnboardingFailedSchema,
  TenantOnboardingFailingSchema,
  TenantReleaseCompletedSchema,
  TenantReleaseReturnedSchema,
} from '../../../functions/contract/events';
import { SignupSchema, signupDetail } from '../../../functions/contract/signup';

const FIXTURES = join(__dirname, '../../fixtures/events');

/** Each published version of an event stays as a fixture; whatever the code becomes, it must go on accepting it. */
const SCHEMAS: Record<string, z.ZodType> = {
  'tenant-signed-up': SignupSchema,
  'tenant-onboarded': TenantOnboardedSchema,
  'tenant-onboarding-failed': TenantOnboardingFailedSchema,
  'tenant-onboarding-failing': TenantOnboardingFailingSchema,
  'signup-conflict': SignupConflictSchema,
  'tenant-release-completed': TenantReleaseCompletedSchema,
  'tenant-release-returned': TenantReleaseReturnedSchema,
};

const fixtures = readdirSync(FIXTURES).map((file) => ({ file, event: file.split('.')[0] ?? '' }));

test.each(fixtures)('the contract still accepts $file', ({ file, event }) => {
  const published: unknown = JSON.parse(readFileSync(join(FIXTURES, file), 'utf8'));
  const schema = SCHEMAS[event];
  if (!schema) throw new Error(`${file} belongs to no known event`);
  expect(schema.parse(signupDetail(published))).toMatchObject({ version: 1 });
});

test('every event has at least one published version', () => {
  expect(new Set(fixtures.map(({ event }) => event))).toEqual(new Set(Object.keys(SCHEMAS)));
});
