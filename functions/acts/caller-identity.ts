import { createHash } from 'node:crypto';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import type * as z from 'zod';
import { ACT_DIGEST_HEADER, type PerformActInput } from '../contract/act';
import { PlatformError } from '../contract/errors';
import { clientOptions } from '../shared/clients';
import { translateError } from '../shared/error-translation';
import { isNamed } from '../shared/is-named';

type Signed = z.output<typeof PerformActInput>;

/** The header binds a signed request to one act. */
export const digestOf = (request: string) => createHash('sha256').update(request).digest('hex');

/** Errors with which STS says that a signature or a session does not count. */
const NOT_SIGNED = [
  'SignatureDoesNotMatch',
  'IncompleteSignature',
  'InvalidClientTokenId',
  'ExpiredToken',
  'ExpiredTokenException',
  'AccessDenied',
  'MissingAuthenticationToken',
] as const;

/** Headers of the signature. All others are this client's own. */
const OF_SIGNATURE = /^(?:authorization|content-type|amz-sdk-.+|x-amz-.+)$/;

/** A client that sends GetCallerIdentity under somebody else's signature. Its own role needs no grant. */
function clientOf({ request, identity }: Signed): STSClient {
  const sts = new STSClient(clientOptions);
  const signed = Object.entries(identity).filter(([name]) => OF_SIGNATURE.test(name));
  sts.middlewareStack.add(
    (next) => async (args) => {
      const { request: outgoing } = args;
      if (typeof outgoing === 'object' && outgoing !== null && 'headers' in outgoing) {
        // A session token of the function's own role must not stay beside the caller's signature.
        const own = Object.entries(outgoing.headers ?? {}).filter(([name]) => !OF_SIGNATURE.test(name));
        outgoing.headers = Object.fromEntries([...own, ...signed, [ACT_DIGEST_HEADER, digestOf(request)]]);
      }
      return next(args);
    },
    // After this client's own signature, and at each of its attempts.
    { name: 'signatureOfCaller', step: 'finalizeRequest', priority: 'low' },
  );
  return sts;
}

/**
 * Asks STS who has signed the act. Lambda does not tell a function who invoked it. So the caller signs
 * a GetCallerIdentity request, which carries the digest of the act in a signed header, and does not
 * send it. This function sends it, to its own region's STS, with the digest of the act that it
 * received. STS answers with the caller's ARN only if signature and digest match ("Signing AWS API
 * requests", "GetCallerIdentity": no permission is required). aws-iam-authenticator and Vault's AWS
 * auth method identify callers in this way.
 *
 * @returns ARN of the caller
 * @throws PlatformError `AccessDenied` when STS does not accept the signature, or names a caller of
 * another account; `Transient*`
 */
export async function callerOf(signed: Signed, account: string): Promise<string> {
  try {
    const { Arn, Account } = await clientOf(signed).send(new GetCallerIdentityCommand({}));
    if (!Arn || Account !== account)
      throw new PlatformError('AccessDenied', `the caller is of account ${Account}, and not of ${account}`);
    return Arn;
  } catch (thrown) {
    if (!isNamed(thrown, ...NOT_SIGNED)) throw translateError(thrown);
    const why = `STS does not confirm who asks: ${thrown.message}`;
    throw new PlatformError('AccessDenied', why, { cause: thrown });
  }
}
