import { Stack } from 'aws-cdk-lib';
import { Architecture, Code, type ILayerVersion, LayerVersion, Runtime } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { LAYER_DIRECTORY } from '../function-bundles';

const ID = 'CodeLayer';

/** The layer of the functions that ask many services, made for the first of them. */
export function codeLayer(scope: Construct): ILayerVersion {
  const stack = Stack.of(scope);
  const made = stack.node.tryFindChild(ID);
  if (made instanceof LayerVersion) return made;
  return new LayerVersion(stack, ID, {
    description: 'What the functions that ask many services share, clients of the SDK among it',
    code: Code.fromAsset(LAYER_DIRECTORY),
    compatibleRuntimes: [Runtime.NODEJS_24_X],
    compatibleArchitectures: [Architecture.ARM_64],
  });
}
