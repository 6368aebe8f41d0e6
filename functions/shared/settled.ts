/**
 * Awaits all of the work, and only then throws the first failure. `Promise.all` throws at once, and
 * the rest goes on: in a Lambda function it then runs in the next invocation of the same sandbox.
 */
export async function settled<const T extends readonly unknown[]>(work: T) {
  await Promise.allSettled(work);
  return await Promise.all(work);
}
