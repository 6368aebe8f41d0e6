interface StackResource {
  readonly ResourceType?: string | undefined;
  readonly ResourceStatus?: string | undefined;
  readonly PhysicalResourceId?: string | undefined;
}

/** "Stack status codes", of a resource: it was made, and the stack has it still. */
const MADE = /^(?:CREATE_COMPLETE|UPDATE_\w+|IMPORT_COMPLETE|DELETE_FAILED)$/;

/**
 * Physical ids of the resources of one type that a stack has made. A resource that was there already
 * under that id, so that the stack failed, is somebody else's.
 */
export const madeResources = (resources: readonly StackResource[], type: string): string[] =>
  resources
    .filter(({ ResourceType, ResourceStatus = '' }) => ResourceType === type && MADE.test(ResourceStatus))
    .flatMap(({ PhysicalResourceId }) => PhysicalResourceId ?? []);
