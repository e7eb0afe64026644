# finding: no-namespace-team-b
kubectl create namespace team-a
