# finding: web-not-ready
kubectl create deployment web --image=nginx:1.29
