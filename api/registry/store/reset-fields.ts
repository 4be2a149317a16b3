/** Fields that a write cannot change because the strategy overwrites them, so that nobody comes to own them by it. */
import { type FieldSet, fromPaths } from '../../../openapi/managed-fields/field-set.ts';
import { fieldElement } from '../../../openapi/managed-fields/path-elements.ts';
import { NO_RESET, type ResetFields } from '../../../openapi/managed-fields/updater.ts';
import { wireDefinition } from '../../../openapi/wire-schema.ts';
import type { ResourceDeclaration } from '../declaration.ts';

const SPEC = 'spec';
const METADATA = 'metadata';

/** Beside the ordinary: of a resource its status, of its status the spec. By `GROUP/PLURAL/SUBRESOURCE`. */
const PECULIAR: Record<string, ResetFields> = {
  '/pods/status': reset(SPEC, 'metadata.deletionTimestamp', 'metadata.ownerReferences'),
  '/pods/ephemeralcontainers': { but: paths('spec.ephemeralContainers') },
  '/pods/resize': { but: paths('spec.containers', 'spec.initContainers', 'spec.resources') },
  '/namespaces/finalize': reset('status'),
  'apps/deployments/status': reset(SPEC, 'metadata.labels'),
  'certificates.k8s.io/certificatesigningrequests/': reset(SPEC, 'status'),
  'certificates.k8s.io/certificatesigningrequests/status': reset(SPEC, 'status.conditions'),
  'certificates.k8s.io/certificatesigningrequests/approval': reset(SPEC, 'status.certificate'),
  'storage.k8s.io/volumeattachments/status': reset(SPEC, METADATA),
  'apiextensions.k8s.io/customresourcedefinitions/status': reset(SPEC, METADATA),
  'apiregistration.k8s.io/apiservices/status': reset(SPEC, METADATA),
  'flowcontrol.apiserver.k8s.io/flowschemas/status': reset(SPEC, METADATA),
  'flowcontrol.apiserver.k8s.io/prioritylevelconfigurations/status': reset(SPEC, METADATA),
};

const STATUS = reset('status');
const OF_STATUS = reset(SPEC);
const OF_CUSTOM_STATUS = reset(SPEC, METADATA);

/** What a write to a resource, or to a subresource of it, leaves as it was. */
export function resetFieldsOf(declaration: ResourceDeclaration, subresource: string): ResetFields {
  const peculiar = PECULIAR[`${declaration.group}/${declaration.plural}/${subresource}`];
  if (peculiar) return peculiar;
  if (subresource === '') return declaration.status ? STATUS : NO_RESET;
  if (subresource !== 'status') return NO_RESET;
  return wireDefinition(declaration.definition) ? OF_STATUS : OF_CUSTOM_STATUS;
}

function reset(...texts: string[]): ResetFields {
  return { fields: paths(...texts) };
}

function paths(...texts: string[]): FieldSet {
  return fromPaths(...texts.map((text) => text.split('.').map(fieldElement)));
}
