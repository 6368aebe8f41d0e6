import { version as cloudformation } from '@aws-sdk/client-cloudformation/package.json';
import { version as cloudwatch } from '@aws-sdk/client-cloudwatch/package.json';
import { version as logs } from '@aws-sdk/client-cloudwatch-logs/package.json';
import { version as ec2 } from '@aws-sdk/client-ec2/package.json';
import { version as elb } from '@aws-sdk/client-elastic-load-balancing-v2/package.json';
import { version as iam } from '@aws-sdk/client-iam/package.json';
import { version as kms } from '@aws-sdk/client-kms/package.json';
import { version as lambda } from '@aws-sdk/client-lambda/package.json';
import { version as organizations } from '@aws-sdk/client-organizations/package.json';
import { version as rds } from '@aws-sdk/client-rds/package.json';
import { version as tagging } from '@aws-sdk/client-resource-groups-tagging-api/package.json';
import { version as s3 } from '@aws-sdk/client-s3/package.json';
import { version as secrets } from '@aws-sdk/client-secrets-manager/package.json';
import { version as sts } from '@aws-sdk/client-sts/package.json';

/** The clients of the AWS SDK by which the checks ask, as they are bundled with the function. */
export const SDK_VERSIONS: Readonly<Record<string, string>> = {
  ...{ cloudformation, cloudwatch, logs, ec2, elb, iam, kms, lambda, organizations, rds, tagging, s3, secrets, sts },
};
