# Limits for every container of the namespace that names none.
kubectl apply -f - <<END
apiVersion: v1
kind: LimitRange
metadata: { name: batch-defaults, namespace: jobs }
spec:
  limits: [{ type: Container, default: { cpu: 100m, memory: 64Mi } }]
END
kubectl rollout restart deployment/batch -n jobs
kubectl rollout status deployment/batch -n jobs --timeout=2m
