/** The one place where what storage throws becomes a `Status`. */
import {
  alreadyExists,
  conflict,
  expired,
  internalError,
  notFound,
  OBJECT_MODIFIED,
  type ResourceName,
  StatusError,
  serviceUnavailable,
  timeout,
  tooLarge,
} from '../../../openapi/status.ts';
import { StorageError } from '../../storage/interface.ts';

/** Translates an error of the storage layer about one object; anything else is returned as it came. */
export function storageToStatus(error: unknown, resource: ResourceName, name: string): unknown {
  if (!(error instanceof StorageError)) return error;
  return translate(error, resource, name);
}

function translate(error: StorageError, resource: ResourceName, name: string): StatusError {
  switch (error.code) {
    case 'Exists':
      return alreadyExists(resource, name);
    case 'NotFound':
      return notFound(resource, name);
    case 'Conflict':
      return conflict(resource, name, OBJECT_MODIFIED);
    case 'Compacted':
      return expired(`The resourceVersion for the provided watch is too old.`);
    case 'Unavailable':
      return serviceUnavailable(error.message);
    case 'Timeout':
      return timeout(error.message);
    case 'TooLarge':
      return tooLarge(error.message);
    case 'Damaged':
      return internalError(error.message);
  }
}

/** The refusal of an object for which no name could be generated, in upstream's words. */
export function noUniqueName({ status }: StatusError): StatusError {
  const message = `${status.message}, the server was not able to generate a unique name for the object`;
  return new StatusError({ ...status, message, details: { ...status.details, retryAfterSeconds: 1 } });
}
