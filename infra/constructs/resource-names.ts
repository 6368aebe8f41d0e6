import { CfnOutput, CfnResource, Fn, type Stack } from 'aws-cdk-lib';
import { RESOURCE_NAMES } from '../../functions/contract/naming';

/** Types whose names in AWS, as CloudFormation has chosen or been given them, the audit of the platform compares with AWS. */
const TYPES = [
  'AWS::CloudWatch::Alarm',
  'AWS::Events::EventBus',
  'AWS::Events::Rule',
  'AWS::IAM::ManagedPolicy',
  'AWS::IAM::Role',
  'AWS::Lambda::Function',
  'AWS::Lambda::LayerVersion',
  'AWS::Lambda::Version',
  'AWS::Logs::LogGroup',
  'AWS::SQS::Queue',
  'AWS::StepFunctions::StateMachine',
];

/** Names of about 100 bytes: an output is as long as a parameter of a stack may be. */
const AN_OUTPUT = 30;

/**
 * Tells the names of the resources that a stack has made so far, in outputs: one request reads them, where a list of some
 * hundred resources takes four. Only an update of the stack changes an output.
 */
export function declareResourceNames(stack: Stack): void {
  const named = stack.node.findAll().filter(CfnResource.isCfnResource);
  const refs = named.filter(({ cfnResourceType }) => TYPES.includes(cfnResourceType)).map(({ ref }) => ref);
  for (let n = 0; n * AN_OUTPUT < refs.length; n++) {
    const value = Fn.join('\n', refs.slice(n * AN_OUTPUT, (n + 1) * AN_OUTPUT));
    new CfnOutput(stack, `${RESOURCE_NAMES}${n}`, { value });
  }
}
