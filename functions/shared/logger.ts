import { Logger } from '@aws-lambda-powertools/logger';

/** One logger for all functions: JSON lines, stable message codes, ids only. */
export const logger = new Logger({ serviceName: 'tenant-onboarding' });
