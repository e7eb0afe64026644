# finding: no-web
kubectl run web --image=nginx:1.29
