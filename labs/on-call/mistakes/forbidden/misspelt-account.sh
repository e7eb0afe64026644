# finding: watcher-may-not-list
kubectl create serviceaccount wacher -n prod
