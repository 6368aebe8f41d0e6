import { Stack } from 'aws-cdk-lib';
import { Architecture, Code, type ILayerVersion, LayerVersion, Runtime } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { LAYER_DIRECTORY } from '../function-bundles';

const ID = 'CodeLayer';

/**
 * The layer of functions that call many AWS services. The first of these functions creates the
 * layer.
 */
export function codeLayer(scope: Construct): ILayerVersion {
  const stack = Stack.of(scope);
  const made = stack.node.tryFindChild(ID);
  if (made instanceof LayerVersion) return made;
  return new LayerVersion(stack, ID, {
    description: 'Code that several functions share, clients of the AWS SDK included',
    code: Code.fromAsset(LAYER_DIRECTORY),
    compatibleRuntimes: [Runtime.NODEJS_24_X],
    compatibleArchitectures: [Architecture.ARM_64],
  });
}
