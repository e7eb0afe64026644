# finding: web-not-ready
kubectl create namespace team-a
kubectl create namespace team-b
kubectl create deployment web --image=nginx:1.29.99 -n team-a
