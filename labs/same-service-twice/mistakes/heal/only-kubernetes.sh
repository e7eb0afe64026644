# finding: no-task-stopped
kubectl get pods -l app=web > before.txt
