import { BUILD_INPUTS, digestOfFiles } from '../infra/build-inputs';

/** All files that decide what a recorded deployment has. */
export const INPUTS = [...BUILD_INPUTS, 'local/recorded-deployment.ts'];

/**
 * One digest of all inputs of a deployment.
 *
 * @param root of the project
 * @param choices further options of the deployment, such as its number of cells
 */
export const digestOfInputs = (root: string, choices: object): string => digestOfFiles(root, INPUTS, choices);
