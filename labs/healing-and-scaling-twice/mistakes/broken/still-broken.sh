# finding: web-not-ready
# from: after
kubectl set image deployment/web web=nginx:1.98
until kubectl get pods -l app=web | grep -E 'ImagePull|ErrImage'; do sleep 0.3; done
