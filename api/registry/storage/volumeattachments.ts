import type {
  V1VolumeAttachment,
  V1VolumeAttachmentSpec,
  V1VolumeAttachmentStatus,
  V1VolumeError,
} from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { ageColumn, type Describe, fieldColumn, nameColumn } from '../core/columns.ts';
import { validatePersistentVolumeSpec } from '../core/persistentvolume-validation.ts';
import { declare, type ResourceDeclaration } from '../declaration.ts';
import { semanticEqual } from '../validation/equality.ts';
import { forbiddenField, invalidEach, invalidValue, required, tooLong } from '../validation/errors.ts';
import { inclusiveRange, isDns1123Subdomain } from '../validation/names.ts';
import { validateCsiDriverName } from './validation.ts';

const SPEC = 'io.k8s.api.storage.v1.VolumeAttachmentSpec';
const METADATA_BYTES_MAX = 256 * 1024;
const MESSAGE_BYTES_MAX = 1024;
const INT32_MAX = 2_147_483_647;

export function volumeAttachments(describe: Describe): ResourceDeclaration {
  const source = ['io.k8s.api.storage.v1.VolumeAttachmentSource', 'persistentVolumeName'] as const;
  const attached = ['io.k8s.api.storage.v1.VolumeAttachmentStatus', 'attached'] as const;
  return declare<V1VolumeAttachment>({
    group: 'storage.k8s.io',
    version: 'v1',
    kind: 'VolumeAttachment',
    plural: 'volumeattachments',
    singular: 'volumeattachment',
    namespaced: false,
    definition: 'io.k8s.api.storage.v1.VolumeAttachment',
    columns: [
      nameColumn(describe),
      fieldColumn('Attacher', describe, [SPEC, 'attacher'], ({ spec }) => spec.attacher, { format: 'name' }),
      fieldColumn('PV', describe, source, ({ spec }) => spec.source.persistentVolumeName ?? ''),
      fieldColumn('Node', describe, [SPEC, 'nodeName'], ({ spec }) => spec.nodeName),
      fieldColumn('Attached', describe, attached, ({ status }) => status?.attached ?? false, { type: 'boolean' }),
      ageColumn(describe),
    ],
    strategy: {
      prepareForCreate(attachment) {
        attachment.status = { attached: false };
      },
      prepareForUpdate(attachment, old) {
        attachment.status = old.status ?? { attached: false };
      },
      validate: validateAttachment,
      validateUpdate,
      unconditionalUpdate: false,
      returnsDeleted: true,
    },
    status: {
      prepareForUpdate(attachment, old) {
        attachment.spec = old.spec;
        resetMetadata(attachment, old);
      },
      validateUpdate: (attachment) => validateAttachment(attachment),
    },
  });
}

/** Of the metadata, a status update changes annotations, labels and finalizers no more than the spec. */
function resetMetadata(attachment: V1VolumeAttachment, old: V1VolumeAttachment): void {
  const metadata = { ...attachment.metadata };
  for (const field of ['annotations', 'labels', 'finalizers', 'ownerReferences', 'generation'] as const) {
    const before = old.metadata?.[field];
    if (before === undefined) delete metadata[field];
    else Object.assign(metadata, { [field]: before });
  }
  attachment.metadata = metadata;
}

function validateAttachment({ spec, status }: V1VolumeAttachment): FieldError[] {
  return [...validateSpec(spec), ...validateStatus(status ?? { attached: false }), ...validateNames(spec)];
}

function validateSpec({ attacher, source, nodeName }: V1VolumeAttachmentSpec): FieldError[] {
  return [
    ...(attacher ? [] : [required('spec.attacher')]),
    ...validateSource(source, 'spec.source'),
    ...invalidEach('spec.nodeName', nodeName, isDns1123Subdomain(nodeName)),
  ];
}

function validateSource(source: V1VolumeAttachmentSpec['source'], path: string): FieldError[] {
  const { inlineVolumeSpec: inline, persistentVolumeName: name } = source;
  const oneOf = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName';
  if (inline && name !== undefined) return [forbiddenField(path, oneOf)];
  if (inline) return validatePersistentVolumeSpec(inline, '', `${path}.inlineVolumeSpec`, true);
  if (name === undefined) return [required(path, oneOf)];
  return name === '' ? [required(`${path}.persistentVolumeName`, 'must specify non empty persistentVolumeName')] : [];
}

/** What `v1` asks for beyond `v1beta1`. */
function validateNames({ attacher, source }: V1VolumeAttachmentSpec): FieldError[] {
  const name = source.persistentVolumeName;
  return [
    ...validateCsiDriverName(attacher, 'spec.attacher'),
    ...(name === undefined ? [] : invalidEach('spec.source.persistentVolumeName', name, isDns1123Subdomain(name))),
  ];
}

function validateStatus(status: V1VolumeAttachmentStatus): FieldError[] {
  const entries = Object.entries(status.attachmentMetadata ?? {});
  const bytes = entries.reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0);
  return [
    ...(bytes > METADATA_BYTES_MAX ? [tooLong('status.attachmentMetadata', METADATA_BYTES_MAX)] : []),
    ...validateError(status.attachError, 'status.attachError'),
    ...validateError(status.detachError, 'status.detachError'),
  ];
}

function validateError(error: V1VolumeError | undefined, path: string): FieldError[] {
  const { message = '', errorCode = 0 } = error ?? {};
  return [
    // Upstream names the limit of the metadata.
    ...(Buffer.byteLength(message) > MESSAGE_BYTES_MAX ? [tooLong(`${path}.message`, METADATA_BYTES_MAX)] : []),
    ...(errorCode < 0 ? [invalidValue(`${path}.errorCode`, errorCode, inclusiveRange(0, INT32_MAX))] : []),
  ];
}

function validateUpdate(attachment: V1VolumeAttachment, old: V1VolumeAttachment): FieldError[] {
  if (semanticEqual(attachment.spec, old.spec)) return [];
  const { attacher, source, nodeName } = attachment.spec;
  const shown = {
    Attacher: attacher,
    Source: {
      PersistentVolumeName: source.persistentVolumeName ?? null,
      InlineVolumeSpec: source.inlineVolumeSpec ?? null,
    },
    NodeName: nodeName,
  };
  return [invalidValue('spec', shown, 'field is immutable')];
}
