/** The kubeconfig of a cluster: server, CA and a token, so that clients which cannot present certificates work, too. */

export interface KubeconfigOptions {
  name: string;
  server: string;
  ca: Buffer;
  token: string;
}

/** A kubeconfig as YAML. */
export function kubeconfigText({ name, server, ca, token }: KubeconfigOptions): string {
  return `apiVersion: v1
kind: Config
clusters:
- name: ${name}
  cluster:
    server: ${server}
    certificate-authority-data: ${ca.toString('base64')}
users:
- name: ${name}-admin
  user:
    token: ${token}
contexts:
- name: ${name}
  context:
    cluster: ${name}
    user: ${name}-admin
current-context: ${name}
`;
}
