/**
 * Asks the emulator for what AWS cannot be asked for (README.md, "controls").
 *
 * @param path below `/_local/`
 * @throws Error with the emulator's answer, under the name of its error
 */
export async function control(endpointUrl: string, path: string, request: object): Promise<unknown> {
  const answer = await fetch(`${endpointUrl}/_local/${path}`, { method: 'POST', body: JSON.stringify(request) });
  const body: unknown = await answer.json();
  if (answer.ok) return body;
  const name = body instanceof Object && '__type' in body ? String(body.__type) : 'Error';
  throw Object.assign(new Error(`${path}: ${JSON.stringify(body)}`), { name });
}
