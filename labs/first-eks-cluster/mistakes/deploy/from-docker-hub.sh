# finding: wrong-image
# Without a registry host the name means Docker Hub's nginx.
kubectl create deployment site --image=nginx:1.29 --replicas=2
kubectl rollout status deployment/site --timeout=5m
