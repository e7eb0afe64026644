# finding: thumbs-not-ready
kubectl set resources deployment/thumbs --limits=memory=32Mi --requests=memory=32Mi -n prod
until kubectl get pods -n prod -l app=thumbs -o jsonpath='{.items[*].status.containerStatuses[*].lastState.terminated.reason}{.items[*].status.containerStatuses[*].state.terminated.reason}' | grep OOM; do sleep 0.3; done
