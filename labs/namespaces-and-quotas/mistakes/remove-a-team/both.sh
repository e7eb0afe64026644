# finding: other-team-harmed
kubectl delete namespace team-a team-b
