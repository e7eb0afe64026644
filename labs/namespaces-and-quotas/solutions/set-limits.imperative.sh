kubectl create quota team --hard=pods=4,requests.cpu=1 -n team-a
sed -n '/LimitRange/,$p' limits.yaml | sed '1i apiVersion: v1' | kubectl apply -n team-a -f -
kubectl scale deployment web --replicas=0 -n team-a
kubectl wait --for=delete pod -l app=web -n team-a --timeout=2m
kubectl scale deployment web --replicas=2 -n team-a
kubectl rollout status deployment/web -n team-a
