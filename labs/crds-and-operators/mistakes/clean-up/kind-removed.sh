# finding: kind-gone
kubectl delete crd sites.harbor.example
