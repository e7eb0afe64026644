kubectl delete rolebinding watcher -n prod
kubectl create rolebinding watcher --role=pod-reader --serviceaccount=prod:watcher -n prod
