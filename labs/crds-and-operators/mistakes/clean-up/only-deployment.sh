# finding: site-left
kubectl delete deployment blog
