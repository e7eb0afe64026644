# finding: eks-door-closed
# from: after
kubectl scale deployment web --replicas=0
until [ -z "$(kubectl get pods -l app=web -o name)" ]; do sleep 0.3; done
