/** Goes back to an earlier revision when an annotation asks for it, as old clients do. */
import type { V1Deployment, V1ReplicaSet } from '../../openapi/generated/types.ts';
import { integerOf, lastRevision, ROLLBACK_TO, revisionOf, rolledBackAnnotations } from './annotations.ts';
import { equalIgnoringHash, withoutHash } from './template.ts';

/** The revision to go back to: 0 means the one before the latest. `undefined` when none is asked for. */
export function rollbackTarget({ metadata }: V1Deployment): bigint | undefined {
  const text = metadata?.annotations?.[ROLLBACK_TO];
  return text === undefined || text === '' ? undefined : integerOf(text);
}

/** The Deployment to be written, in which nothing is asked for any more, and the event to tell. */
export interface Rollback {
  deployment: V1Deployment;
  event: { type: 'Normal' | 'Warning'; reason: string; message: string };
}

export function rollBack(deployment: V1Deployment, sets: readonly V1ReplicaSet[], target: bigint): Rollback {
  const revision = target === 0n ? lastRevision(sets) : target;
  if (revision === 0n) {
    return givenUp(deployment, 'DeploymentRollbackRevisionNotFound', 'Unable to find last revision.');
  }
  const set = sets.find((each) => revisionOf(each) === revision);
  if (!set) {
    return givenUp(deployment, 'DeploymentRollbackRevisionNotFound', 'Unable to find the revision to rollback to.');
  }
  const name = deployment.metadata?.name;
  if (equalIgnoringHash(deployment.spec?.template, set.spec?.template)) {
    const message = `The rollback revision contains the same template as current deployment "${name}"`;
    return givenUp(deployment, 'DeploymentRollbackTemplateUnchanged', message);
  }
  const annotations = rolledBackAnnotations(deployment, set);
  const spec = { selector: {}, ...deployment.spec, template: withoutHash(set.spec?.template) };
  const message = `Rolled back deployment "${name}" to revision ${revision}`;
  return {
    deployment: withoutRequest({ ...deployment, metadata: { ...deployment.metadata, annotations }, spec }),
    event: { type: 'Normal', reason: 'DeploymentRollback', message },
  };
}

function givenUp(deployment: V1Deployment, reason: string, message: string): Rollback {
  return { deployment: withoutRequest(deployment), event: { type: 'Warning', reason, message } };
}

function withoutRequest(deployment: V1Deployment): V1Deployment {
  const { [ROLLBACK_TO]: _request, ...annotations } = deployment.metadata?.annotations ?? {};
  return { ...deployment, metadata: { ...deployment.metadata, annotations } };
}
