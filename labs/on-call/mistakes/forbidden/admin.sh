# finding: watcher-may-too-much
kubectl create rolebinding watcher-admin --clusterrole=admin --serviceaccount=prod:watcher -n prod
