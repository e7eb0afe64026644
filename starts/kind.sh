# What: a self-managed cluster "kind" of one control-plane node and two workers in Docker, and a kubeconfig that leads to it.
kind create cluster --wait 2m --config - <<END
kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
nodes:
  - role: control-plane
  - role: worker
  - role: worker
END
kubectl wait --for=condition=Ready nodes --all --timeout=5m
