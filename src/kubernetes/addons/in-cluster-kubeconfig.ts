/** What follows the head of a kubeconfig with which a pod reaches the API server by its service account. `server`: a URL. */
export const inClusterKubeconfig = (server: string): string => `clusters:
- cluster:
    certificate-authority: /var/run/secrets/kubernetes.io/serviceaccount/ca.crt
    server: ${server}
  name: default
contexts:
- context:
    cluster: default
    namespace: default
    user: default
  name: default
current-context: default
users:
- name: default
  user:
    tokenFile: /var/run/secrets/kubernetes.io/serviceaccount/token`
