# finding: not-owned
kubectl apply -f operator.yaml
kubectl scale deployment operator --replicas=0
kubectl create deployment blog --image=nginx:1.29
kubectl rollout status deployment/blog
kubectl scale deployment operator --replicas=1
kubectl delete rolebinding operator
kubectl rollout status deployment/operator
