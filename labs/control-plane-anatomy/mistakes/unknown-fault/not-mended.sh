# finding: canary-not-ready
bash break.sh
kubectl wait --for=jsonpath='{.status.unavailableReplicas}'=1 deployment/canary --timeout=1m
