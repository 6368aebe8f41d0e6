import type { EventSourceMappingConfiguration, FunctionConfiguration } from '@aws-sdk/client-lambda';
import * as z from 'zod';
import { CODE_DIGEST, functionRoleName } from '../../contract/naming';
import { settled } from '../../shared/settled';
import { expectEqual, expectExactly, Unanswered } from '../check';
import type { ExpectedResource } from '../release/resolve-template';
import { idsOf, ofType } from './expected-of';
import type { Machine } from './policy-facts';
import type { SurroundingsFacts } from './surroundings-facts';

/** The workflows without which no tenant is verified, and the one that decides which code serves all. */
const COMPARED = ['TenantOnboarding', 'TenantIsolationAudit', 'TenantRelease'];

const FunctionSchema = z.object({
  Role: z.string(),
  Handler: z.string(),
  Runtime: z.string().optional(),
  KmsKeyArn: z.string().optional(),
  DeadLetterConfig: z.object({ TargetArn: z.string().optional() }).default({}),
  LoggingConfig: z.object({ LogGroup: z.string().optional() }).default({}),
  Environment: z.object({ Variables: z.record(z.string(), z.string()).default({}) }).default({ Variables: {} }),
  Layers: z.array(z.string()).default([]),
  Timeout: z.number().default(0),
  MemorySize: z.number().default(0),
  VpcConfig: z
    .object({ SecurityGroupIds: z.array(z.string()).default([]), SubnetIds: z.array(z.string()).default([]) })
    .default({ SecurityGroupIds: [], SubnetIds: [] }),
});

const MetadataSchema = z.object({ [CODE_DIGEST]: z.string().optional() }).default({});

const MachineSchema = z.object({
  DefinitionString: z.string(),
  DefinitionSubstitutions: z.record(z.string(), z.unknown()).default({}),
  RoleArn: z.string(),
  EncryptionConfiguration: z.object({ KmsKeyId: z.string().optional() }).default({}),
  LoggingConfiguration: z
    .object({
      IncludeExecutionData: z.boolean().default(false),
      Level: z.string().default('OFF'),
      Destinations: z.array(z.object({ CloudWatchLogsLogGroup: z.object({ LogGroupArn: z.string() }) })).default([]),
    })
    .default({ IncludeExecutionData: false, Level: 'OFF', Destinations: [] }),
});

export const functionsIn = (resources: readonly ExpectedResource[]) =>
  ofType(resources, 'AWS::Lambda::Function').map(({ physicalId = '', properties, metadata }) => ({
    ...{ name: physicalId, digest: MetadataSchema.parse(metadata)[CODE_DIGEST] },
    ...FunctionSchema.parse(properties),
  }));

type Expected = ReturnType<typeof functionsIn>[number];

/** CloudFormation has chosen the name of most functions; the role has the action's. */
const roleNameOf = ({ Role }: Expected) => Role.split('/').at(-1) ?? '';
export const actionOf = (each: Expected) => roleNameOf(each).replace(functionRoleName(''), '');

const variablesIn = (variables: Readonly<Record<string, string | undefined>> = {}) =>
  Object.entries(variables).map(([name, value]) => `${name}=${value}`);

/** Who takes the key of the variables away stops the function. One of the account may be an operator's choice. */
function keyViolations({ KMSKeyArn }: FunctionConfiguration, { name, Role, KmsKeyArn }: Expected): string[] {
  const isOwn = KmsKeyArn === undefined && KMSKeyArn?.split(':')[4] === Role.split(':')[4];
  return isOwn ? [] : expectEqual(`the key of the variables of ${name}`, KMSKeyArn || undefined, KmsKeyArn);
}

/** Levels at which a function tells less than what it does ("Configuring log levels"). */
const SILENT = ['WARN', 'ERROR', 'FATAL'];

function settingViolations(actual: FunctionConfiguration, expected: Expected): string[] {
  const { name } = expected;
  const layers = (actual.Layers ?? []).map(({ Arn }) => Arn);
  const { SecurityGroupIds = [], SubnetIds = [] } = actual.VpcConfig ?? {};
  return [
    ...expectEqual(`the role of ${name}`, actual.Role, expected.Role),
    ...expectEqual(`the handler of ${name}`, actual.Handler, expected.Handler),
    ...expectEqual(`the runtime of ${name}`, actual.Runtime, expected.Runtime),
    // "Configuring CloudWatch log groups": the default.
    ...expectEqual(
      `the log group of ${name}`,
      actual.LoggingConfig?.LogGroup,
      expected.LoggingConfig.LogGroup ?? `/aws/lambda/${name}`,
    ),
    // More time or memory is an operator's choice; with less a function ends before it has asked everything.
    ...((actual.Timeout ?? expected.Timeout) < expected.Timeout
      ? [`${name} ends after ${actual.Timeout} s, not ${expected.Timeout} s`]
      : []),
    ...((actual.MemorySize ?? expected.MemorySize) < expected.MemorySize
      ? [`${name} has ${actual.MemorySize} MB of memory, not ${expected.MemorySize} MB`]
      : []),
    ...(SILENT.includes(actual.LoggingConfig?.ApplicationLogLevel ?? '')
      ? [`${name} logs only what is ${actual.LoggingConfig?.ApplicationLogLevel} or worse`]
      : []),
    ...keyViolations(actual, expected),
    // A function hands the events that it failed on to this target. Lambda answers an empty one where there is none.
    ...expectEqual(
      `the dead-letter target of ${name}`,
      actual.DeadLetterConfig?.TargetArn || undefined,
      expected.DeadLetterConfig.TargetArn,
    ),
    ...(actual.FileSystemConfigs ?? []).map(({ Arn }) => `${name} mounts the file system ${Arn}`),
    ...expectExactly(
      `variable of ${name}:`,
      variablesIn(actual.Environment?.Variables),
      variablesIn(expected.Environment.Variables),
    ),
    ...expectExactly(`layer of ${name}`, layers, expected.Layers),
    ...expectExactly(`security group of ${name}`, SecurityGroupIds, expected.VpcConfig.SecurityGroupIds),
    ...expectExactly(`subnet of ${name}`, SubnetIds, expected.VpcConfig.SubnetIds),
  ];
}

/** A function's name in its ARN, with or without a version or an alias. */
const nameIn = (functionArn = '') => functionArn.split(':')[6] ?? '';
const lastOf = (arn = '') => arn.split(/[:/]/).at(-1) ?? '';

/**
 * Mappings that call a function of the platform with the records of a queue or a stream, and those by which somebody's
 * function reads a queue of the platform: signups and events are in them. The release makes none.
 */
function mappingViolations(
  mappings: readonly EventSourceMappingConfiguration[],
  resources: readonly ExpectedResource[],
): string[] {
  const functions = functionsIn(resources).map(({ name }) => name);
  const queues = idsOf(resources, 'AWS::SQS::Queue').map(lastOf);
  const made = idsOf(resources, 'AWS::Lambda::EventSourceMapping');
  return mappings
    .filter(({ UUID = '' }) => !made.includes(UUID))
    .filter(
      ({ FunctionArn, EventSourceArn }) =>
        functions.includes(nameIn(FunctionArn)) || queues.includes(lastOf(EventSourceArn)),
    )
    .map(
      ({ UUID, FunctionArn, EventSourceArn = 'a source of its own' }) =>
        `mapping ${UUID} calls ${nameIn(FunctionArn)} with the records of ${EventSourceArn}`,
    );
}

/** Functions that no template makes, which run in a role of the platform: whoever has made one may do all that the role may. */
function strangersInRoles(
  functions: readonly FunctionConfiguration[],
  resources: readonly ExpectedResource[],
): string[] {
  const made = functionsIn(resources).map(({ name }) => name);
  const roles = idsOf(resources, 'AWS::IAM::Role');
  return functions
    .filter(({ FunctionName = '', Role }) => roles.includes(lastOf(Role)) && !made.includes(FunctionName))
    .map(({ FunctionName, Role }) => `function ${FunctionName}, which no template makes, runs as ${Role}`);
}

/** How the settings of functions, and what calls them with records, differ from the templates. */
export async function functionViolations({ policies, stacks }: SurroundingsFacts): Promise<string[]> {
  const [actual, mappings, ...ofStacks] = await settled([
    policies.functions(),
    policies.eventSources(),
    stacks.controlPlane(),
    stacks.cell(),
  ]);
  const resources = ofStacks.flat();
  const settings = functionsIn(resources).flatMap((each) => {
    const found = actual.find(({ FunctionName }) => FunctionName === each.name);
    return found ? settingViolations(found, each) : [`function ${each.name} does not exist`];
  });
  return [...settings, ...mappingViolations(mappings, resources), ...strangersInRoles(actual, resources)];
}

/**
 * Functions whose code is not the package that the release has deployed.
 *
 * @throws Unanswered when a template does not say what a function runs: an earlier release has deployed it
 */
export async function codeViolations({ policies, stacks }: SurroundingsFacts): Promise<string[]> {
  const [actual, ...resources] = await settled([policies.functions(), stacks.controlPlane(), stacks.cell()]);
  return functionsIn(resources.flat()).flatMap((each) => {
    if (each.digest === undefined) throw new Unanswered(`the template names no digest of the code of ${each.name}`);
    const found = actual.find(({ FunctionName }) => FunctionName === each.name);
    return expectEqual(`the digest of the code of ${actionOf(each)}`, found?.CodeSha256, each.digest);
  });
}

/** "Log levels": each tells what those before it tell. */
const LEVELS = ['OFF', 'FATAL', 'ERROR', 'ALL'];

const withoutEnd = (logGroupArn = '') => logGroupArn.replace(/:\*$/, '');

/** How a machine differs from its template: what it does, as whom, and who is told the inputs of its states. */
function machineDifferences(machine: string, actual: Machine, expected: z.output<typeof MachineSchema>): string[] {
  const { DefinitionString, DefinitionSubstitutions, RoleArn, LoggingConfiguration: logging } = expected;
  const { EncryptionConfiguration } = expected;
  const definition = DefinitionString.replace(/\$\{(\w+)\}/g, (all, name: string) =>
    String(DefinitionSubstitutions[name] ?? all),
  );
  const { includeExecutionData = false, destinations = [], level = 'OFF' } = actual.loggingConfiguration ?? {};
  const groups = destinations.map(({ cloudWatchLogsLogGroup }) => withoutEnd(cloudWatchLogsLogGroup?.logGroupArn));
  const own = logging.Destinations.map(({ CloudWatchLogsLogGroup }) => withoutEnd(CloudWatchLogsLogGroup.LogGroupArn));
  const isSame =
    Boolean(actual.definition) &&
    JSON.stringify(JSON.parse(actual.definition ?? '')) === JSON.stringify(JSON.parse(definition));
  return [
    ...(isSame ? [] : [`state machine ${machine} has another definition than that of the release`]),
    ...expectEqual(`the role of state machine ${machine}`, actual.roleArn, RoleArn),
    // Whoever has the key stops the machine.
    ...expectEqual(
      `the key of state machine ${machine}`,
      actual.encryptionConfiguration?.kmsKeyId || undefined,
      EncryptionConfiguration.KmsKeyId,
    ),
    // Whoever hears more than the release tells is a stranger. The history of a run has all of it, with a log or without.
    ...(includeExecutionData && !logging.IncludeExecutionData
      ? [`state machine ${machine} logs the inputs and outputs of its states`]
      : []),
    ...(LEVELS.indexOf(level) < LEVELS.indexOf(logging.Level)
      ? [`state machine ${machine} logs ${level}, not ${logging.Level}`]
      : []),
    ...groups
      .filter((group) => !own.includes(group))
      .map((group) => `state machine ${machine} logs to ${group || 'a destination without a name'}`),
  ];
}

/** Machines that no template makes, which run in a role of the platform: whoever starts one does all that the role may. */
async function strangeMachines(
  { machineRole, machines }: SurroundingsFacts['policies'],
  resources: readonly ExpectedResource[],
): Promise<string[]> {
  const made = idsOf(resources, 'AWS::StepFunctions::StateMachine');
  const roles = idsOf(resources, 'AWS::IAM::Role');
  const strange = (await machines()).filter((arn) => !made.includes(arn));
  const asked = strange.map(async (arn) => ({ arn, roleArn: await machineRole(arn) }));
  return (await settled(asked))
    .filter(({ roleArn }) => roles.includes(lastOf(roleArn)))
    .map(({ arn, roleArn }) => `state machine ${arn}, which no template makes, runs as ${roleArn}`);
}

/** State machines that are not as the release makes them, and those of others in the platform's roles. */
export async function machineViolations({ policies, stacks }: SurroundingsFacts): Promise<string[]> {
  const [controlPlane, cell] = await settled([stacks.controlPlane(), stacks.cell()]);
  const compared = ofType(controlPlane, 'AWS::StepFunctions::StateMachine')
    .filter(({ physicalId = '' }) => COMPARED.some((name) => physicalId.endsWith(`:${name}`)))
    .map(async ({ physicalId = '', properties }) =>
      machineDifferences(physicalId, await policies.machine(physicalId), MachineSchema.parse(properties)),
    );
  return (await settled([...compared, strangeMachines(policies, [...controlPlane, ...cell])])).flat();
}
