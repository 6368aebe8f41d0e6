import { CfnDeletionPolicy, aws_secretsmanager as secrets } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { DATABASE_MASTER } from '../../functions/contract/naming';

/**
 * The master credentials, encrypted with the tenant's key. Secrets Manager creates the password
 * and RDS reads it there (dynamic reference). It is in no template, parameter or event.
 * CloudFormation deletes a secret without a recovery window, so a redrive can use the name again.
 */
export function databaseSecret(scope: Construct, name: string, keyArn: string): secrets.CfnSecret {
  const secret = new secrets.CfnSecret(scope, 'Secret', {
    name,
    description: 'Master credentials of the database of one tenant',
    kmsKeyId: keyArn,
    generateSecretString: {
      secretStringTemplate: JSON.stringify({ username: DATABASE_MASTER }),
      generateStringKey: 'password',
      passwordLength: 40,
      excludePunctuation: true,
    },
  });
  secret.cfnOptions.deletionPolicy = CfnDeletionPolicy.DELETE;
  return secret;
}

/** The dynamic reference that stands in the template for a field of the secret. */
export const secretField = (secret: secrets.CfnSecret, field: 'username' | 'password') =>
  `{{resolve:secretsmanager:${secret.attrId}:SecretString:${field}}}`;
