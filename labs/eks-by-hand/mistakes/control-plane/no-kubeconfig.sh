# finding: no-kubeconfig
# from: after
rm .kube/config
