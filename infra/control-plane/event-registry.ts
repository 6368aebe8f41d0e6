import { CfnRegistry, CfnSchema } from 'aws-cdk-lib/aws-eventschemas';
import { Construct } from 'constructs';
import { EVENT_CATALOGUE } from '../../functions/contract/event-catalogue';
import { EVENT_BUS_NAME } from '../constructs/platform-names';
import { registryDocument, versionedName } from '../event-schemas';

/**
 * Puts the schemas of all events into EventBridge's schema registry, where its console and the IDE
 * toolkits find them. Their names have EventBridge's own form for discovered schemas,
 * `SOURCE@DETAIL-TYPE`, and the version.
 */
export class EventRegistry extends Construct {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    const registry = new CfnRegistry(this, 'Registry', {
      registryName: EVENT_BUS_NAME,
      description: 'Events of the tenant onboarding platform',
    });
    for (const event of EVENT_CATALOGUE)
      new CfnSchema(this, versionedName(event), {
        registryName: registry.attrRegistryName,
        schemaName: `${event.source}@${versionedName(event)}`,
        description: event.summary,
        type: 'JSONSchemaDraft4',
        content: JSON.stringify(registryDocument(event)),
      });
  }
}
