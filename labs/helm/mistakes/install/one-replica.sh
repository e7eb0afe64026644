# finding: too-few-replicas
helm install test site --wait
helm install live site --set title=Live --wait
