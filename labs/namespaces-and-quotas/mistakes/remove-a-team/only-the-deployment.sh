# finding: namespace-left
kubectl delete deployment web -n team-a
