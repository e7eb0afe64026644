# finding: live-not-ready
helm upgrade live site --reuse-values --set image=nginx:1.29.99
kubectl wait --for=jsonpath='{.status.unavailableReplicas}' deployment/live --timeout=1m
