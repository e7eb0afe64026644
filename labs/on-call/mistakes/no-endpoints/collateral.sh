# finding: others-touched
kubectl patch service cart -n prod -p '{"spec":{"selector":{"app":"cart"}}}'
kubectl scale deployment untouched --replicas=0 -n prod
