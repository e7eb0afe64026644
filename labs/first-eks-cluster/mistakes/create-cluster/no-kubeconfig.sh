# finding: no-kubeconfig
# from: after
# kubectl was never told where the cluster is.
rm .kube/config
