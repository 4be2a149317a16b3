import type { V1ServiceAccount } from '../../../openapi/generated/types.ts';
import { declare, type ResourceDeclaration } from '../declaration.ts';
import { ageColumn, type Describe, fieldColumn, nameColumn } from './columns.ts';

const SERVICE_ACCOUNT = 'io.k8s.api.core.v1.ServiceAccount';

export function serviceAccounts(describe: Describe): ResourceDeclaration {
  return declare<V1ServiceAccount>({
    group: '',
    version: 'v1',
    kind: 'ServiceAccount',
    plural: 'serviceaccounts',
    singular: 'serviceaccount',
    shortNames: ['sa'],
    namespaced: true,
    definition: SERVICE_ACCOUNT,
    columns: [
      nameColumn(describe),
      fieldColumn('Secrets', describe, [SERVICE_ACCOUNT, 'secrets'], (account) => account.secrets?.length ?? 0),
      ageColumn(describe),
    ],
    strategy: {
      prepareForCreate(account) {
        account.secrets = account.secrets?.filter((reference) => reference.name);
        if (!account.secrets?.length) delete account.secrets;
      },
      returnsDeleted: true,
    },
  });
}
