import { Logger } from '@aws-lambda-powertools/logger';

/** The logger of all functions. It writes JSON lines with stable message codes and ids. */
export const logger = new Logger({ serviceName: 'tenant-onboarding' });
