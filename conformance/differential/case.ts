/** What the differential test asks: cases are data, a conversation each. */

export interface DifferentialRequest {
  method: string;
  /**
   * `{ns}` is the namespace of the case, and `{2.metadata.uid}` what the answer to the request of that number (from 0)
   * had in its body; both may also stand in the body.
   */
  path: string;
  headers?: Record<string, string>;
  /** An object goes out as JSON, a string as it is. */
  body?: object | string;
  /** Asked again until it is answered with this status: for what the server does in its own time. */
  until?: number;
}

export interface DifferentialCase {
  /** Unique within its theme. */
  title: string;
  requests: DifferentialRequest[];
  /** apiVersions of 1.36 that 1.20 has under another version: `{ 'batch/v1': 'batch/v1beta1' }`. */
  older?: Record<string, string>;
  /** managedFields are compared; they are left out elsewhere. */
  managedFields?: boolean;
  /**
   * Controllers may write the status at any time: it is looked at only where /status is asked, or never, where even the
   * reference has such controllers in the API server.
   */
  controlled?: boolean | 'always';
}

/** Cases of one kind or of one subject. The name is also that of the file with the recorded answers. */
export interface Theme {
  name: string;
  cases: DifferentialCase[];
}

type Headers = Record<string, string>;

export const get = (path: string, headers?: Headers): DifferentialRequest => ({
  method: 'GET',
  path,
  ...(headers ? { headers } : {}),
});

export const post = (path: string, body: object | string, headers?: Headers): DifferentialRequest => ({
  method: 'POST',
  path,
  body,
  ...(headers ? { headers } : {}),
});

export const put = (path: string, body: object | string, headers?: Headers): DifferentialRequest => ({
  method: 'PUT',
  path,
  body,
  ...(headers ? { headers } : {}),
});

export const remove = (path: string, body?: object | string): DifferentialRequest => ({
  method: 'DELETE',
  path,
  ...(body === undefined ? {} : { body }),
});

const PATCHES = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
};

/** A PATCH of one of the four kinds. */
export const patch = (kind: keyof typeof PATCHES, path: string, body: object | string): DifferentialRequest => ({
  method: 'PATCH',
  path,
  body,
  headers: { 'content-type': PATCHES[kind] },
});

/** What kubectl accepts when it prints a table. */
export const TABLE: Headers = {
  accept:
    'application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json',
};

/** What a metadata informer accepts. */
export const METADATA: Headers = { accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io' };
export const METADATA_LIST: Headers = { accept: 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io' };
