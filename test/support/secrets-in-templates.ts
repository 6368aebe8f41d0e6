/** Names of CloudFormation properties that promise a secret. */
export const SECRET_NAME = /password|^secretstring$|passphrase|credential|privatekey|accesskey/i;

/** What a template writes out under such a name, at whatever depth; what AWS is asked to generate is not written out. */
export function secretsIn(value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => {
    if (name === 'GenerateSecretString') return [];
    return SECRET_NAME.test(name) ? [inner] : secretsIn(inner);
  });
}

/** CloudFormation resolves it and never shows it ("Using dynamic references to specify template values"). */
export const isDynamicReference = (value: unknown) => JSON.stringify(value).includes('{{resolve:secretsmanager:');
