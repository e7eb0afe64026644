# finding: pods-without-requests
kubectl apply -n team-a -f limits.yaml
