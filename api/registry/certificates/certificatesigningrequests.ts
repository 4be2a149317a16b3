import { rfc3339 } from '../../../base/clock.ts';
import type { V1CertificateSigningRequest } from '../../../openapi/generated/types.ts';
import { forbidden } from '../../../openapi/status.ts';
import type { Access } from '../../auth/access.ts';
import { attributesOf } from '../../auth/attributes.ts';
import { parseCertificateRequest } from '../../auth/pkcs10.ts';
import { ageColumn, type Describe, fieldColumn, humanDuration, nameColumn } from '../core/columns.ts';
import { declare, type ResourceDeclaration, type StrategyContext } from '../declaration.ts';
import { semanticEqual } from '../validation/equality.ts';
import { conditionsOf, ofType, validateSpec, validateUpdate } from './certificatesigningrequest-validation.ts';

type Request = V1CertificateSigningRequest;

const GROUP = 'certificates.k8s.io';
const DEFINITION = 'io.k8s.api.certificates.v1.CertificateSigningRequest';
const CLIENT_SIGNER = 'kubernetes.io/kube-apiserver-client';

export function certificateSigningRequests(access: Access, describe: Describe): ResourceDeclaration {
  return declare<Request>({
    group: GROUP,
    version: 'v1',
    kind: 'CertificateSigningRequest',
    plural: 'certificatesigningrequests',
    singular: 'certificatesigningrequest',
    shortNames: ['csr'],
    namespaced: false,
    definition: DEFINITION,
    columns: columns(describe),
    fields: ({ spec }) => ({ 'spec.signerName': spec?.signerName ?? '' }),
    fieldLabels: ['spec.signerName'],
    strategy: {
      validateName: () => [],
      prepareForCreate(request, context) {
        const { username: _user, uid: _uid, groups: _groups, extra: _extra, ...asked } = request.spec;
        request.spec = { ...asked, ...askerOf(context) };
        request.status = {};
        checkSubject(request);
      },
      prepareForUpdate(request, old) {
        request.spec = old.spec;
        request.status = old.status ?? {};
      },
      validate: ({ spec }) => validateSpec(spec),
      validateUpdate: (request, old) => validateUpdate(request, old, { approves: false, certifies: false }),
    },
    status: {
      prepareForUpdate(request, old, context) {
        request.spec = old.spec;
        keepConditions(request, old, 'Approved');
        keepConditions(request, old, 'Denied');
        stampConditions(request, old, context);
        if (isSigned(request, old)) checkSigner(access, 'sign', request, context);
      },
      validateUpdate: (request, old) => validateUpdate(request, old, { approves: false, certifies: true }),
    },
    parts: {
      approval: {
        prepareForUpdate(request, old, context) {
          stampConditions(request, old, context);
          request.spec = old.spec;
          const { conditions: _, ...status } = old.status ?? {};
          const conditions = conditionsOf(request);
          request.status = { ...status, ...(conditions.length > 0 ? { conditions } : {}) };
          checkSigner(access, 'approve', request, context);
        },
        validateUpdate: (request, old) => validateUpdate(request, old, { approves: true, certifies: false }),
      },
    },
  });
}

/** Who asks is not theirs to say. What is not known of the asker is left out. */
function askerOf(context: StrategyContext): Partial<Request['spec']> {
  const { uid, extra = {} } = context;
  const entries = Object.entries(extra).map(([key, values]) => [key, [...values]]);
  return {
    username: context.user,
    ...(uid ? { uid } : {}),
    ...(context.groups.length > 0 ? { groups: [...context.groups] } : {}),
    ...(entries.length > 0 ? { extra: Object.fromEntries(entries) as NonNullable<Request['spec']['extra']> } : {}),
  };
}

/** Upstream's CertificateSubjectRestriction: nobody becomes an administrator by a signature. */
function checkSubject({ metadata, spec }: Request): void {
  if (spec.signerName !== CLIENT_SIGNER || !hasAdministrators(spec.request)) return;
  const why = `use of ${CLIENT_SIGNER} signer with system:masters group is not allowed`;
  throw refused(metadata?.name ?? '', why);
}

function hasAdministrators(request: string): boolean {
  try {
    return parseCertificateRequest(Buffer.from(request ?? '', 'base64').toString()).organizations.includes(
      'system:masters',
    );
  } catch (error) {
    // Validation will say what is wrong with it.
    if (error instanceof Error) return false;
    throw error;
  }
}

/** Upstream's CertificateApproval and CertificateSigning: both are rights of their own, for each signer or its domain. */
function checkSigner(access: Access, verb: 'approve' | 'sign', request: Request, context: StrategyContext): void {
  const { signerName } = request.spec;
  const asker = { name: context.user, groups: context.groups };
  const may = (name: string) =>
    access.decide(asker, attributesOf({ verb, group: GROUP, resource: 'signers', name })).decision === 'allow';
  if (may(signerName) || may(`${signerName.split('/')[0]}/*`)) return;
  const why = `user not permitted to ${verb} requests with signerName ${JSON.stringify(signerName)}`;
  throw refused(request.metadata?.name ?? '', why);
}

function refused(name: string, why: string): Error {
  const resource = { group: GROUP, resource: 'certificatesigningrequests' };
  return forbidden(resource, name, `certificatesigningrequests.${GROUP} "${name}" is forbidden: ${why}`);
}

/** Whether an update of the status does what only the signer may. */
function isSigned(request: Request, old: Request): boolean {
  const isFailed = !semanticEqual(ofType(request, 'Failed'), ofType(old, 'Failed'));
  return isFailed || (request.status?.certificate ?? '') !== (old.status?.certificate ?? '');
}

/** Status updates neither approve nor deny: those conditions stay as they are, or validation refuses the update. */
function keepConditions(request: Request, old: Request, type: string): void {
  const before = ofType(old, type);
  if (before.length !== ofType(request, type).length) return;
  const left = [...before];
  const conditions = conditionsOf(request).map((condition) =>
    condition.type === type ? (left.shift() ?? condition) : condition,
  );
  request.status = { ...request.status, ...(conditions.length > 0 ? { conditions } : {}) };
}

function stampConditions(request: Request, old: Request, { clock }: StrategyContext): void {
  const now = rfc3339(clock.now());
  const conditions = conditionsOf(request).map((condition) => {
    const before = conditionsOf(old).find(
      ({ type, status, lastTransitionTime }) =>
        type === condition.type && status === condition.status && lastTransitionTime,
    );
    return {
      ...condition,
      lastUpdateTime: condition.lastUpdateTime ?? now,
      lastTransitionTime: condition.lastTransitionTime ?? before?.lastTransitionTime ?? now,
    };
  });
  if (conditions.length > 0) request.status = { ...request.status, conditions };
}

function columns(describe: Describe) {
  const spec = (field: string) => [`${DEFINITION}Spec`, field] as const;
  const duration = ({ spec: { expirationSeconds } }: Request) =>
    expirationSeconds === undefined ? '<none>' : humanDuration(expirationSeconds * 1000);
  return [
    nameColumn<Request>(describe),
    ageColumn<Request>(describe),
    fieldColumn<Request>('SignerName', describe, spec('signerName'), (request) => request.spec.signerName || '<none>'),
    fieldColumn<Request>('Requestor', describe, spec('request'), (request) => request.spec.username ?? ''),
    fieldColumn<Request>('RequestedDuration', describe, spec('expirationSeconds'), duration),
    fieldColumn<Request>('Condition', describe, [`${DEFINITION}Status`, 'conditions'], summary),
  ];
}

function summary(request: Request): string {
  const has = (type: string) => ofType(request, type).length > 0;
  const decision = has('Denied') ? 'Denied' : has('Approved') ? 'Approved' : 'Pending';
  const failed = has('Failed') ? ',Failed' : '';
  return `${decision}${failed}${request.status?.certificate ? ',Issued' : ''}`;
}
