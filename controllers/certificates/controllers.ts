/** Approves what kubelets ask for, signs what was approved, and removes requests that nobody needs any more. */
import { rfc3339 } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Client } from '../../client/client.ts';
import { CERTIFICATE_SIGNING_REQUESTS } from '../../client/resources.ts';
import { WorkQueue } from '../../client/work-queue.ts';
import type {
  V1CertificateSigningRequest,
  V1CertificateSigningRequestCondition,
  V1SubjectAccessReview,
} from '../../openapi/generated/types.ts';
import { keyOf } from '../../openapi/object.ts';
import { isStatus } from '../../openapi/status.ts';
import type { ControllerContext } from '../runtime/context.ts';
import { type Controller, controllerOf, periodicController, type ReconcileResult } from '../runtime/controller.ts';
import {
  awaitsApproval,
  awaitsSignature,
  conditionsOf,
  isOutdated,
  KUBELET_CLIENT,
  type Recognized,
  recognizedAs,
  verdictOf,
} from './requests.ts';
import { expiryOf, readRequest, type SignerKeys, signRequest } from './x509.ts';

type Request = V1CertificateSigningRequest;

const WORKERS = 5;
const RETRY = { baseDelayMs: 200, maxDelayMs: 1_000_000 };
const CLEAN_EVERY_MS = 3_600_000;
const REVIEWS = '/apis/authorization.k8s.io/v1/subjectaccessreviews';

/** Approves the requests of kubelets for their client certificates, where RBAC lets their askers have them. */
export function csrApproving(context: ControllerContext): Controller {
  const { client, clock } = context;
  return requestController(context, 'csrapproving', async (request) => {
    if (!awaitsApproval(request) || request.spec.signerName !== KUBELET_CLIENT) return undefined;
    const recognized = recognizedAs(request, await readRequest(request.spec.request));
    for (const permission of recognized) {
      if (!(await isAllowed(client, request, permission))) continue;
      const condition = { type: 'Approved', status: 'True', reason: 'AutoApproved', message: permission.message };
      await resourceOf(client).update(withCondition(request, condition), 'approval');
      return undefined;
    }
    if (recognized.length === 0) return undefined;
    // Somebody may give the permission yet: as soon again as it has waited already.
    const ageMs = clock.now() - Date.parse(request.metadata?.creationTimestamp ?? '');
    return { requeueAfterMs: Math.min(Math.max(ageMs || 0, 1000), RETRY.maxDelayMs) };
  });
}

async function isAllowed(client: Client, { spec }: Request, { subresource }: Recognized): Promise<boolean> {
  const { username, uid, groups, extra } = spec;
  const review: V1SubjectAccessReview = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: {
      ...(username ? { user: username } : {}),
      ...(uid ? { uid } : {}),
      ...(groups ? { groups } : {}),
      ...(extra ? { extra } : {}),
      resourceAttributes: {
        group: 'certificates.k8s.io',
        resource: 'certificatesigningrequests',
        verb: 'create',
        subresource,
      },
    },
  };
  const answer = await client.transport.call({ method: 'POST', path: REVIEWS, body: review });
  return (answer as V1SubjectAccessReview).status?.allowed === true;
}

/** Signs approved requests for the signers of the cluster; requests that their signer does not sign fail. */
export function csrSigning(context: ControllerContext, authority: SignerKeys): Controller {
  const { client, clock, random } = context;
  return requestController(context, 'csrsigning', async (request) => {
    if (!awaitsSignature(request)) return undefined;
    const verdict = verdictOf(request, await readRequest(request.spec.request));
    if (!verdict.signs) return undefined;
    if (verdict.problem !== undefined) {
      const condition = { type: 'Failed', status: 'True', reason: 'SignerValidationFailure', message: verdict.problem };
      await resourceOf(client).updateStatus(
        withCondition(request, { ...condition, lastUpdateTime: rfc3339(clock.now()) }),
      );
      return undefined;
    }
    const { usages = [], expirationSeconds } = request.spec;
    const options = { request: request.spec.request, usages, ...(expirationSeconds ? { expirationSeconds } : {}) };
    const certificate = await signRequest(authority, options, { clock, random });
    await resourceOf(client).updateStatus({ ...request, status: { ...request.status, certificate } });
    return undefined;
  });
}

/** Looks at all requests once an hour and deletes those that have had their time. */
export function csrCleaner(context: ControllerContext): Controller {
  const { client, informers, clock, log } = context;
  const requests = informers.of<Request>(CERTIFICATE_SIGNING_REQUESTS);
  return periodicController({
    name: 'csrcleaner',
    periodMs: CLEAN_EVERY_MS,
    synced: [requests.synced()],
    async tick() {
      for (const request of requests.list()) {
        const { certificate } = request.status ?? {};
        if (!isOutdated(request, clock.now(), certificate ? expiryOf(certificate) : undefined)) continue;
        try {
          await resourceOf(client).delete(keyOf(request));
        } catch (error) {
          const fields = { request: keyOf(request), error: messageOf(error) };
          if (!isStatus(error, 'NotFound')) log.warn(fields, 'csrcleaner: a request could not be deleted');
        }
      }
    },
    clock,
    log,
  });
}

function requestController(
  { informers, clock, log }: ControllerContext,
  name: string,
  handle: (request: Request) => Promise<ReconcileResult>,
): Controller {
  const queue = new WorkQueue({ clock, ...RETRY });
  const requests = informers.of<Request>(CERTIFICATE_SIGNING_REQUESTS);
  const enqueue = (request: Request) => queue.add(keyOf(request));
  requests.addHandler({ added: enqueue, updated: enqueue });
  return controllerOf({
    name,
    queue,
    workers: WORKERS,
    synced: [requests.synced()],
    async reconcile(key) {
      const request = requests.get(key);
      return request && handle(request);
    },
    clock,
    log,
  });
}

function resourceOf(client: Client) {
  return client.resource<Request>(CERTIFICATE_SIGNING_REQUESTS);
}

function withCondition(request: Request, condition: V1CertificateSigningRequestCondition): Request {
  return { ...request, status: { ...request.status, conditions: [...conditionsOf(request), condition] } };
}
