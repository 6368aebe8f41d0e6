import type { Context } from 'aws-lambda';
import { ACCOUNT_ID, REGION } from './builders';

/** What Lambda tells a function about its invocation. */
export const aContext = (functionName = 'ReserveTenant', remainingMs = 30_000): Context => ({
  functionName,
  functionVersion: '$LATEST',
  invokedFunctionArn: `arn:aws:lambda:${REGION}:${ACCOUNT_ID}:function:${functionName}`,
  memoryLimitInMB: '512',
  awsRequestId: '6a7e8feb-b491-4cf7-a9f1-bf3703467718',
  logGroupName: `/tenant-onboarding/${functionName}`,
  logStreamName: 'stream',
  callbackWaitsForEmptyEventLoop: true,
  getRemainingTimeInMillis: () => remainingMs,
  done: () => {},
  fail: () => {},
  succeed: () => {},
});
